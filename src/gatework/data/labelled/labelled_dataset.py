"""Labelled texts, series and recordings, divided and encoded for a classifier."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from gatework.data.dataset import Dataset, data_name, divided, make_dataset
from gatework.data.labelled.class_codec import ClassifierCodec, InputKind
from gatework.data.labelled.class_reader import choose_reader, settled
from gatework.data.labelled.labelled_examples import LabelledExample, LabelledExamples, read_labelled_examples
from gatework.data.labelled.recordings import Progress, read_recordings
from gatework.data.text.symbols import Symbols
from gatework.data.text.word_vectors import Coverage, WordVectors, coverage, read_word_vectors
from gatework.errors import InputError
from gatework.settings.tasks.classify import ClassifyData

UNLABELLED = -1
SHOWN = 5
"""So many names of a list are shown in a message."""

Parts: TypeAlias = tuple[list[LabelledExample], list[LabelledExample], list[LabelledExample]]


class ClassExample(NamedTuple):
    """An encoded sequence.

    Attributes:
        steps: (steps,) int64 symbols or (steps, features) float32, at least one step.
        label: the number of its class; -1 where it is asked for.
        shown: what it is called when it is shown: the text itself, or where it comes from.
    """

    steps: np.ndarray
    label: int = UNLABELLED
    shown: str = ""


@dataclass(frozen=True, eq=False)
class LabelledDataset(Dataset[ClassExample, ClassifierCodec]):
    """Encoded examples; the configuration says what was chosen where the user left it open."""

    config: ClassifyData

    @functools.cached_property
    def vectors(self) -> WordVectors | None:
        """The pretrained vectors of the symbols that the model knows, if some were asked for; read when first needed.

        Raises:
            InputError, DamagedFileError: they cannot be read, are of no such symbol, or the data are no texts.
        """
        path, reads = self.config.word_vectors, self.codec.reads
        if path is None:
            return None
        if not isinstance(reads, Symbols):
            raise InputError("word vectors are for texts, and these data are none", "leave out --word-vectors")
        found = read_word_vectors(path, reads.names)
        if not self._occurring().keys() & set(found.words):
            raise InputError(f"{path} has vectors of none of the data's symbols", "give vectors of their language")
        return found

    @property
    def coverage(self) -> Coverage | None:
        """How much of the training part has pretrained vectors."""
        return None if self.vectors is None else coverage(self._occurring(), self.vectors.words)

    def _occurring(self) -> dict[str, int]:
        """The symbols of the training part, and how often each occurs."""
        assert isinstance(self.codec.reads, Symbols)
        counts = Counter(int(number) for example in self.train for number in example.steps)
        return {self.codec.reads.names[number]: count for number, count in counts.items()}


def load_labelled(
    config: ClassifyData,
    *,
    progress: Progress | None = None,
    keep: Path | None = None,
    codec: ClassifierCodec | None = None,
) -> LabelledDataset:
    """Read, divide and encode labelled examples.

    Args:
        config: which, and how.
        progress: told how many recordings were read and how many there are.
        keep: where to keep what standard input gave.
        codec: that of a trained model; all examples are then in the part ``train``.

    Raises:
        InputError: they cannot be read, are of another kind than the model's, have labels that it does not know, or
            all have the same label.
    """
    if codec is not None:
        config = config.model_copy(update={"validation": 0.0, "test": 0.0, "validation_data": [], "test_data": []})
    kind, parts, notes = _read(config, keep, codec)
    if kind == "sound":
        heard = read_recordings(parts, config.rate if codec is None else codec.rate, progress)
        parts, notes = heard.examples, [*notes, *heard.notes]
        config = config.model_copy(update={"rate": heard.rate})
    return make_labelled(parts, kind, config, data_name(config.sources), notes, codec)


def make_labelled(
    parts: Parts,
    kind: InputKind,
    config: ClassifyData,
    name: str,
    notes: Sequence[str] = (),
    codec: ClassifierCodec | None = None,
) -> LabelledDataset:
    """Encode examples wherever they come from.

    Args:
        parts: training, validation and test; a recording's value is its samples, all at the configuration's rate.
        kind: what the examples are.
        config: how they are read.
        name: what messages call them.
        notes: what the user should know of them.
        codec: that of a trained model; made from the training part unless given.

    Raises:
        InputError: there is nothing to train on or one class only; otherwise as ``encode_examples``.
    """
    notes = list(notes)
    if codec is None:
        _check_classes(parts[0], name)
        values = [example.value for example in parts[0]]
        config = settled(config, kind, values)
        codec = ClassifierCodec.build([example.label for example in parts[0]], choose_reader(values, config, kind))
        notes += _lonely(codec)
    encoded = [encode_examples(part, codec, name) for part in parts]
    if config.max_length is not None:
        fitting = [example for example in encoded[0] if len(example.steps) <= config.max_length]
        notes += _left_out(len(encoded[0]) - len(fitting), f"* of more than {config.max_length} steps")
        encoded[0] = fitting
    made = make_dataset((encoded[0], encoded[1], encoded[2]), codec, config, name, notes)
    return LabelledDataset(**{field.name: getattr(made, field.name) for field in dataclasses.fields(made)})


def encode_examples(examples: Sequence[LabelledExample], codec: ClassifierCodec, name: str) -> list[ClassExample]:
    """Encode examples; a recording's value is its samples.

    Raises:
        InputError: labels are none of the codec's, or values have other channels than in training.
    """
    unknown = Counter(example.label for example in examples if codec.labels.find(example.label) is None)
    if unknown:
        shown = ", ".join(
            f"{label!r} ({count:,} example{'s' * (count > 1)})" for label, count in unknown.most_common(SHOWN)
        )
        known = ", ".join(codec.labels.names[: 4 * SHOWN])
        raise InputError(f"{name} has labels that the model does not know: {shown}", f"it knows {known}")
    return [
        ClassExample(
            codec.encode(_plain(example.value), example.where),
            codec.labels.find(example.label) or 0,
            example.value if isinstance(example.value, str) else Path(example.where).name,
        )
        for example in examples
    ]


def is_empty(value: str | np.ndarray | Path) -> bool:
    """Whether there is nothing to read: blanks alone, or no step."""
    if isinstance(value, str):
        return not value.strip()
    return not isinstance(value, Path) and not len(value)


def _plain(value: str | np.ndarray | Path) -> str | np.ndarray:
    assert not isinstance(value, Path)
    return value


def _read(config: ClassifyData, keep: Path | None, codec: ClassifierCodec | None) -> tuple[InputKind, Parts, list[str]]:
    """Read all files and divide what is not divided by them; what is empty is left out."""
    found = read_labelled_examples(config.sources, config, keep, codec)
    given = [
        read_labelled_examples(sources, config) if sources else LabelledExamples(found.kind, [], [])
        for sources in (config.validation_data, config.test_data)
    ]
    for one, kind in ((found, found.kind if codec is None else codec.kind), *((one, found.kind) for one in given)):
        if one.kind != kind:
            raise InputError(f"the data are {one.kind}, but {kind} is needed", f"give {kind}")
    train, validation, test = divided(found.examples, config, [example.label for example in found.examples])
    every = (train, _mixed([*validation, *given[0].examples], config), [*test, *given[1].examples])
    parts = tuple([example for example in part if not is_empty(example.value)] for part in every)
    notes = [note for one in (found, *given) for note in one.notes]
    notes += _left_out(sum(map(len, every)) - sum(map(len, parts)), "empty *")
    return found.kind, (parts[0], parts[1], parts[2]), notes


def _mixed(examples: list[LabelledExample], config: ClassifyData) -> list[LabelledExample]:
    """In another order, so that the first few, which a training shows, are not all of one class."""
    order = np.random.default_rng(config.split_seed).permutation(len(examples))
    return [examples[place] for place in order]


def _check_classes(train: Sequence[LabelledExample], name: str) -> None:
    """See that there is something to learn."""
    if not train:
        raise InputError(f"{name} gives no training example", "give more data, or hold out less")
    if len({example.label for example in train}) == 1:
        raise InputError(
            f"all {len(train):,} training examples have the label {train[0].label!r}",
            "give examples of two classes or more",
        )


def _lonely(codec: ClassifierCodec) -> list[str]:
    """Classes of one example can be learnt, but not measured."""
    alone = [name for name, count in zip(codec.labels.names, codec.counts, strict=True) if count == 1]
    if not alone:
        return []
    shown = ", ".join(map(repr, alone[:SHOWN])) + ", ..." * (len(alone) > SHOWN)
    what = "class has" if len(alone) == 1 else "classes have"
    return [f"{len(alone):,} {what} one training example only ({shown}): no part is held out that could measure it"]


def _left_out(count: int, which: str) -> list[str]:
    """A note of examples left out; the asterisk in ``which`` stands for them."""
    examples = "example" if count == 1 else "examples"
    return [f"{count:,} {which.replace('*', examples)} left out"] if count else []
