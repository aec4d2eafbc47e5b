"""What a classifier takes for what, and the figures that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

PAIR = "pair "


def count_pairs(meant: np.ndarray, answered: np.ndarray) -> dict[str, int]:
    """How often which class was answered for which: sums that many batches of many classes can be added up in.

    Args:
        meant: (examples,) int64 numbers of classes, -1 for what is none.
        answered: (examples,) int64.

    Returns:
        ``"pair MEANT ANSWERED"`` -> how often, for the pairs that occur.
    """
    size = int(answered.max(initial=0)) + 1
    codes, counts = np.unique((meant + 1) * size + answered, return_counts=True)
    pairs = [divmod(code, size) for code in codes.tolist()]
    return {f"{PAIR}{m - 1} {a}": count for (m, a), count in zip(pairs, counts.tolist(), strict=True)}


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each class was meant and each answered.

    Attributes:
        names: the classes.
        matrix: (meant, answered) int64 counts.
    """

    names: Sequence[str]
    matrix: np.ndarray

    @classmethod
    def of(cls, names: Sequence[str], totals: Mapping[str, float]) -> Self:
        """From the sums that ``count_pairs`` begins; what is none of the classes (-1) counts as the last."""
        matrix = np.zeros((len(names), len(names)), np.int64)
        for name, count in totals.items():
            if name.startswith(PAIR):
                meant, answered = map(int, name.removeprefix(PAIR).split())
                matrix[meant, answered] += round(count)
        return cls(names, matrix)

    @property
    def accuracy(self) -> float:
        """Share of the examples whose class was answered."""
        return float(self.matrix.trace() / self.matrix.sum())

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that occur."""
        return float(np.nanmean(self.f1))

    @property
    def support(self) -> np.ndarray:
        """Examples of each class."""
        return self.matrix.sum(axis=1)

    @property
    def precision(self) -> np.ndarray:
        """Share of the answers of each class that were right; NaN where it was never answered."""
        return _shares(self.matrix.diagonal(), self.matrix.sum(axis=0))

    @property
    def recall(self) -> np.ndarray:
        """Share of the examples of each class that were found; NaN where there are none."""
        return _shares(self.matrix.diagonal(), self.support)

    @property
    def f1(self) -> np.ndarray:
        """The harmonic mean of precision and recall; NaN where a class is neither meant nor answered."""
        return _shares(2 * self.matrix.diagonal(), self.matrix.sum(axis=0) + self.support)

    def mistakes(self, count: int) -> list[tuple[str, str, int]]:
        """The most frequent mistakes: what was meant, what was answered, how often."""
        wrong = self.matrix - np.diag(self.matrix.diagonal())
        order = np.argsort(-wrong, axis=None, kind="stable")[:count]
        places = [np.unravel_index(place, wrong.shape) for place in order]
        return [(self.names[m], self.names[a], int(wrong[m, a])) for m, a in places if wrong[m, a]]

    def lines(self) -> list[str]:
        """A table: precision, recall, F1 and number of examples of each class."""
        width = max(5, *map(len, self.names))
        rows = [f"{'class':<{width}}  precision  recall     F1  examples"]
        columns = zip(self.names, self.precision, self.recall, self.f1, self.support, strict=True)
        for name, precision, recall, f1, support in columns:
            rows.append(f"{name:<{width}}  {_cell(precision):>9}  {_cell(recall):>6}  {_cell(f1):>5}  {support:>8,}")
        return rows

    def record(self) -> dict[str, dict[str, float | int | None]]:
        """The same as JSON has it: class -> figures; None where there is none."""
        columns = zip(self.names, self.precision, self.recall, self.f1, self.support, strict=True)
        return {
            name: {"precision": _number(p), "recall": _number(r), "f1": _number(f), "examples": int(count)}
            for name, p, r, f, count in columns
        }


def _shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"
