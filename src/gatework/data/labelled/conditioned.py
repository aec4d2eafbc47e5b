"""Texts with what kind they are of: a label, or a mixture of topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from gatework.data.dataset import Dataset, data_name, divided, make_dataset
from gatework.data.files.column_names import LABEL, TEXT
from gatework.data.files.lines import suffix_of
from gatework.data.files.tables import SUFFIXES, read_table, select
from gatework.data.labelled.labelled_files import read_labelled_files
from gatework.data.labelled.labelled_tables import Columns, read_labelled_table
from gatework.data.text.symbols import END, START, Labels, Symbols, split
from gatework.errors import DamagedFileError, InputError, did_you_mean
from gatework.settings import STANDARD_INPUT
from gatework.settings.tasks.conditional import ConditionalData

JSON_SUFFIXES = frozenset({".jsonl", ".ndjson"})


class KindOfText(NamedTuple):
    """A text with the weights of its labels, and where it stands."""

    text: str
    weights: Mapping[str, float]
    where: str


class Written(NamedTuple):
    """An example: the symbols of a text from START to END (symbols,) int64, and its mixture (labels,) float32."""

    symbols: np.ndarray
    mixture: np.ndarray


@dataclass(frozen=True)
class ConditionCodec:
    """Symbols of the texts, and the labels or topics there are."""

    FILE: ClassVar[str] = "symbols_and_labels.json"

    symbols: Symbols
    labels: Labels

    def mixture(self, weights: Mapping[str, float], where: str = "the label") -> np.ndarray:
        """Weights as shares of all labels, (labels,) float32, that sum to 1.

        Raises:
            InputError: there is no such label, or no weight is above 0.
        """
        shares = np.zeros(len(self.labels), np.float32)
        for name, weight in weights.items():
            number = self.labels.find(name)
            if number is None:
                raise InputError(
                    f"{where}: {name!r} is no label of the training data", did_you_mean(name, self.labels.names)
                )
            shares[number] = weight
        if not (shares >= 0).all() or not 0 < shares.sum() < np.inf:
            raise InputError(f"{where} has the weights {dict(weights)}", "give at least one above 0, and none below")
        return shares / shares.sum()

    def encode(self, one: KindOfText) -> Written:
        """A text as numbers."""
        first, last = self.symbols.id(START), self.symbols.id(END)
        numbers = np.concatenate([[first], self.symbols.encode(one.text), [last]])
        return Written(numbers, self.mixture(one.weights, one.where))

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {"symbols": self.symbols.to_json(), "labels": self.labels.to_json()}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        if not isinstance(value, dict) or value.keys() != {"symbols", "labels"}:
            raise DamagedFileError("these are no symbols and labels", "restore them or make them again")
        symbols = Symbols.from_json(value["symbols"])
        if symbols.names[1 : symbols.special] != (START, END):
            raise DamagedFileError(f"the symbols lack {START} and {END}", "restore them or make them again")
        return cls(symbols, Labels.from_json(value["labels"]))


def load_conditioned(config: ConditionalData, codec: ConditionCodec | None = None) -> Dataset[Written, ConditionCodec]:
    """Read texts with their labels, divide and encode them.

    Args:
        config: which, and how.
        codec: use that of a trained model instead of making one; then no label may be new.

    Raises:
        InputError: nothing can be read, a label is unknown, or there is only one.
    """
    if not config.sources:
        raise InputError("there is nothing to learn from", "name a table of texts and labels, or labelled files")
    everything = read_kinds(config.sources, config)
    main = [max(one.weights, key=lambda name, one=one: one.weights[name]) for one in everything]  # type: ignore[misc]
    train, validation, test = divided(everything, config, main)
    validation += read_kinds(config.validation_data, config) if config.validation_data else []
    test += read_kinds(config.test_data, config) if config.test_data else []
    kept = [one for one in train if config.max_length is None or _length(one.text, config) <= config.max_length]
    if not kept:
        remedy = "make --max-length longer" if train else "hold out less" if everything else "give texts of some length"
        raise InputError(f"{data_name(config.sources)} gives no training text", remedy)
    codec = codec or _codec(kept, {name for one in everything for name in one.weights}, config)
    notes = [] if len(kept) == len(train) else [f"{len(train) - len(kept):,} texts are longer than --max-length"]
    parts = ([codec.encode(one) for one in part] for part in (kept, validation, test))
    return make_dataset(tuple(parts), codec, config, data_name(config.sources), notes)  # type: ignore[arg-type]


def _length(text: str, config: ConditionalData) -> int:
    return len(split(text, config.level, config.lower))


def _codec(texts: Sequence[KindOfText], names: set[str], config: ConditionalData) -> ConditionCodec:
    symbols = Symbols.build(
        (one.text for one in texts),
        config.level,
        lower=config.lower,
        min_count=config.min_count,
        max_size=config.max_vocabulary,
        special=(START, END),
    )
    if len(names) < 2:
        shown = ", ".join(map(repr, names)) or "none"
        raise InputError(f"the texts have one label only ({shown})", "give texts of several kinds, or --task language")
    return ConditionCodec(symbols, Labels.build(names))


def read_kinds(sources: Sequence[str], config: ConditionalData) -> list[KindOfText]:
    """Texts of tables and of labelled files; empty texts are left out.

    Raises:
        InputError: they cannot be read, or have no labels.
    """
    if STANDARD_INPUT in sources:
        raise InputError("texts of several kinds are read from files", "save standard input in a file and name that")
    tables = [source for source in sources if suffix_of(source) in SUFFIXES]
    files = [source for source in sources if source not in tables]
    found = [one for source in tables for one in _of_table(source, config)]
    if files:
        texts = read_labelled_files(files, config.encoding)
        found += [KindOfText(one.text, {one.label: 1.0}, one.where) for one in texts]
    return [one for one in found if one.text.strip()]


def _of_table(source: str, config: ConditionalData) -> Iterator[KindOfText]:
    if suffix_of(source) in JSON_SUFFIXES:
        yield from _of_records(source, config)
        return
    columns = Columns(config.text_column, config.label_column)
    for row in read_labelled_table(lambda: source, columns, encoding=config.encoding, name=source, texts=True).rows:
        yield KindOfText(row.value, {row.label: 1.0}, f"{source} line {row.line}")


def _of_records(source: str, config: ConditionalData) -> Iterator[KindOfText]:
    """JSON Lines, whose label may be an object: topic -> weight."""
    table = read_table(source, encoding=config.encoding)
    text = TEXT.choose(source, table.columns, config.text_column)
    label = LABEL.choose(source, table.columns, config.label_column)
    for line, (words, kind) in select(table, [text, label]):
        where = f"{source} line {line}"
        weights = kind if isinstance(kind, dict) else {str(kind): 1.0}
        fine = all(isinstance(one, int | float) and not isinstance(one, bool) for one in weights.values())
        if not isinstance(words, str) or not weights or not fine:
            raise InputError(f"{where} has no text with a label", "give a text, and a label or topics with weights")
        yield KindOfText(words, {str(name): float(weight) for name, weight in weights.items()}, where)
