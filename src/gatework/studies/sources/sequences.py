"""What a task of sequences is: drawn batches, what is asked at which steps, and which answers are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

Goal = Literal["number", "class", "set"]


@dataclass(frozen=True)
class Batch:
    """Sequences of one batch, padded at their ends.

    Attributes:
        x: (time, batch, inputs).
        wanted: (time, batch, outputs) numbers or members of a set as 0 and 1; (time, batch) classes.
        asked: (time, batch), the steps whose answers count; there is one in each sequence.
        legal: (time, batch, outputs), the classes that may come next, where that is more than the one that came.
    """

    x: Tensor
    wanted: Tensor
    asked: Tensor
    legal: Tensor | None = None


Draw = Callable[[int, int, np.random.Generator], Batch]
"""Sequences of a length (what it means is the task's), so many, by a generator."""


@dataclass(frozen=True)
class SequenceTask:
    """A task.

    Attributes:
        name: as reports call it.
        inputs: width of x.
        outputs: width of an answer.
        goal: what is answered: numbers (mean square), one class (cross-entropy, nats) or a set (its mean over members).
        draw: sequences to learn from.
        baseline: the loss of the best answer that remembers nothing, of a length.
        tolerance: how far, at most, a right number is from the wanted one.
        validate: sequences to choose by, where they are not drawn as those learnt from.
        examine: sequences to be judged by, likewise.
    """

    name: str
    inputs: int
    outputs: int
    goal: Goal
    draw: Draw
    baseline: Callable[[int], float]
    tolerance: float = 0.0
    validate: Draw | None = None
    examine: Draw | None = None

    def loss(self, answers: Tensor, batch: Batch) -> Tensor:
        """The mean loss of answers (time, batch, outputs) over the steps that are asked."""
        given, wanted = answers[batch.asked], batch.wanted[batch.asked]
        if self.goal == "number":
            return F.mse_loss(given, wanted)
        if self.goal == "class":
            return F.cross_entropy(given, wanted)
        return F.binary_cross_entropy_with_logits(given, wanted)

    def right(self, answers: Tensor, batch: Batch) -> Tensor:
        """Which sequences (batch,) are answered rightly at all steps that are asked.

        Where several classes are legal, all of them must stand above all others.
        """
        if self.goal == "number":
            good = ((answers - batch.wanted).abs() <= self.tolerance).all(-1)
        elif self.goal == "set":
            good = ((answers > 0) == (batch.wanted > 0)).all(-1)
        elif batch.legal is None:
            good = answers.argmax(-1) == batch.wanted
        else:
            least = answers.masked_fill(~batch.legal, torch.inf).amin(-1)
            good = least > answers.masked_fill(batch.legal, -torch.inf).amax(-1)
        return (good | ~batch.asked).all(0)


def one_hot(symbols: np.ndarray, count: int) -> Tensor:
    """Numbers of symbols (...) as x (..., count); a negative number, padding, as zeros."""
    return torch.from_numpy((symbols[..., None] == np.arange(count)).astype(np.float32))


def padded(rows: list[list[int]], fill: int = -1) -> np.ndarray:
    """Rows of different lengths as columns of (time, batch)."""
    table = np.full((max(map(len, rows)), len(rows)), fill, dtype=np.int64)
    for place, row in enumerate(rows):
        table[: len(row), place] = row
    return table


def asked_at_end(ends: np.ndarray, time: int) -> Tensor:
    """A question at one step of each sequence: (time, batch)."""
    return torch.from_numpy(np.arange(time)[:, None] == ends)
