"""Where a training is, and how it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from gatework.training.score import Score


@dataclass
class Position:
    """Where a training is; numbers only, saved in every checkpoint.

    Attributes:
        step: updates done.
        epoch: whole passes done.
        window: the next batch of the pass.
        seconds: wall clock spent training and validating.
        loss_sum: of the updates since the last row.
        loss_count: how many those are.
        rows: lines of metrics.jsonl so far.
        best_loss: validation loss of the best model.
        best_rank: what is lowest for the best model: that loss, or a figure with its sign turned.
        best_figures: what else was measured.
        best_count: units that it was measured on.
        best_step: where it was reached.
        stale: validations since then.
        validated_step: where the last validation was made.
        validation_seconds: how long it took.
    """

    step: int = 0
    epoch: int = 0
    window: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0
    loss_count: int = 0
    rows: int = 0
    best_loss: float = math.inf
    best_rank: float = math.inf
    best_figures: dict[str, float] = field(default_factory=dict)
    best_count: int = 0
    best_step: int = -1
    stale: int = 0
    validated_step: int = -1
    validation_seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        validation: the best model's score on the validation part; None where there is none.
        step: where the best model was.
        steps: updates in all.
        epochs: passes in all.
        seconds: wall clock in all.
        reason: ``"limit"`` or ``"patience"``.
        rows: all metrics.
    """

    validation: Score | None
    step: int
    steps: int
    epochs: float
    seconds: float
    reason: str
    rows: list[dict[str, Any]] = field(repr=False)
