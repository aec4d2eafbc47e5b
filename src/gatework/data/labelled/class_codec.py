"""What the numbers of a classifier mean: its classes, and how a text, a series or a recording is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np

from gatework.data.scaling import Scaling
from gatework.data.sound.spectra import LogMel
from gatework.data.text.symbols import Labels, Symbols
from gatework.errors import DamagedFileError

InputKind = Literal["text", "series", "sound"]
READERS: dict[InputKind, type[Symbols] | type[Scaling] | type[LogMel]] = {
    "text": Symbols,
    "series": Scaling,
    "sound": LogMel,
}


@dataclass(frozen=True)
class ClassifierCodec:
    """Classes and how inputs become numbers.

    Args:
        labels: the classes.
        counts: examples of each class in training, at least one.
        reads: the symbols of texts, the scale of series, or the features of recordings.

    Raises:
        ValueError: there is not a positive count for each class.
    """

    FILE: ClassVar[str] = "classes.json"

    labels: Labels
    counts: tuple[int, ...]
    reads: Symbols | Scaling | LogMel

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.labels) or not all(count > 0 for count in self.counts):
            raise ValueError(f"{len(self.labels)} classes need as many positive counts, not {self.counts}")

    @classmethod
    def build(cls, labels: Sequence[str], reads: Symbols | Scaling | LogMel) -> Self:
        """Take the classes from the labels of training examples."""
        names, counts = Labels.build(labels), Counter(labels)
        return cls(names, tuple(counts[name] for name in names.names), reads)

    @property
    def kind(self) -> InputKind:
        """What an input is."""
        return next(kind for kind, reader in READERS.items() if isinstance(self.reads, reader))

    @property
    def width(self) -> int:
        """Different symbols of texts, or features of a step."""
        return self.reads.width if isinstance(self.reads, LogMel) else len(self.reads)

    @property
    def rate(self) -> int | None:
        """Samples a second of recordings; None where it reads none."""
        return self.reads.rate if isinstance(self.reads, LogMel) else None

    def encode(self, value: str | np.ndarray, name: str = "the input") -> np.ndarray:
        """What a model reads of an input.

        Args:
            value: a text; a series (steps, channels); or the samples (n,) of a recording at the codec's rate.
            name: what errors call it.

        Returns:
            (steps,) int64 of a text, else (steps, features) float32; no steps where the input is empty.

        Raises:
            InputError: a series has other channels than in training, or values that are no numbers.
            TypeError: the input is of another kind.
        """
        if isinstance(value, str) != (self.kind == "text"):
            raise TypeError(f"value: a {type(value).__name__}, but the model reads {self.kind}")
        if isinstance(self.reads, Symbols):
            return self.reads.encode(str(value))
        array = np.asarray(value)
        if isinstance(self.reads, Scaling):
            return self.reads.apply(array, name)
        if not len(array):
            return np.zeros((0, self.reads.width), np.float32)
        return self.reads.frames(array).numpy()

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {
            "labels": self.labels.to_json(),
            "counts": list(self.counts),
            "kind": self.kind,
            "reads": self.reads.to_json(),
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            labels = Labels.from_json(value["labels"])
            return cls(labels, tuple(map(int, value["counts"])), READERS[value["kind"]].from_json(value["reads"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(
                f"this is no description of classes ({error})", "restore it or make it again"
            ) from error
