"""What a classifier takes for what, and the figures that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


def f1_scores(right: np.ndarray, answered: np.ndarray, meant: np.ndarray) -> np.ndarray:
    """F1 of each class, the harmonic mean of precision and recall; NaN where a class is neither meant nor answered.

    Args:
        right: (classes,) how often each was answered and meant.
        answered: (classes,) how often it was answered.
        meant: (classes,) how often it was meant.
    """
    both = answered + meant
    return np.where(both > 0, 2 * right / np.maximum(both, 1), np.nan)


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
    def of(cls, names: Sequence[str], meant: np.ndarray, answered: np.ndarray) -> Confusion:
        """Count pairs of class numbers, both (examples,)."""
        matrix = np.zeros((len(names), len(names)), np.int64)
        np.add.at(matrix, (meant, answered), 1)
        return cls(names, matrix)

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
        """See ``f1_scores``."""
        return f1_scores(self.matrix.diagonal(), self.matrix.sum(axis=0), self.support)

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


def _shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"
