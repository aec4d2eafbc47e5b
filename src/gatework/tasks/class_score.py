"""How well classes were chosen, and which were taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from gatework.models.confusion import Confusion
from gatework.training import Score

MISTAKES = 3


@dataclass(frozen=True)
class ClassScore(Score):
    """A score, what was taken for what, and what was noted of the data."""

    confusion: Confusion = field(default_factory=lambda: Confusion((), np.zeros((0, 0), np.int64)))
    notes: Sequence[str] = ()

    @classmethod
    def of(cls, score: Score, confusion: Confusion, notes: Sequence[str]) -> Self:
        """Add both to a score."""
        return cls(**vars(score), confusion=confusion, notes=notes)

    def lines(self) -> list[str]:
        """A table of the classes, and the most frequent mistakes."""
        mistakes = self.confusion.mistakes(MISTAKES)
        return [
            *self.confusion.lines(),
            *(f"{meant} taken for {answered}: {count:,}" for meant, answered, count in mistakes),
        ]

    def record(self) -> dict[str, Any]:
        """The figures of each class, and the confusion matrix."""
        return {"classes": self.confusion.record(), "confusion": self.confusion.matrix.tolist()}
