"""How the learning rate changes, and when a training is over.

Both follow the *progress* of a training, a fraction between 0 and 1 of whichever limit comes first:
epochs, updates, or minutes on the clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gatework.settings import TrainingConfig


@dataclass(frozen=True)
class Limits:
    """When a training is over.

    Attributes:
        steps: updates, or None.
        seconds: wall clock, or None.
    """

    steps: int | None
    seconds: float | None

    @classmethod
    def of(cls, config: TrainingConfig, steps_per_epoch: int) -> Limits:
        """The limits that a configuration sets; its usual number of epochs where it sets none."""
        epochs = config.epochs
        if epochs is None and config.minutes is None and config.steps is None:
            epochs = config.usual_epochs
        candidates = [] if epochs is None else [max(1, round(epochs * steps_per_epoch))]
        candidates += [] if config.steps is None else [config.steps]
        seconds = None if config.minutes is None else 60 * config.minutes
        return cls(min(candidates, default=None), seconds)

    def progress(self, step: int, seconds: float, reserved: float = 0.0) -> float:
        """The fraction done; ``reserved`` seconds at the end are kept for the last validation."""
        done = [0.0]
        if self.steps is not None:
            done.append(step / self.steps)
        if self.seconds is not None:
            done.append(seconds / max(self.seconds - reserved, 1e-9))
        return min(1.0, max(done))


class Schedule:
    """The learning rate of the next update as a multiple of its peak."""

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self.decays = 0
        self.best = math.inf
        self.waited = 0

    def factor(self, step: int, epoch: float, progress: float) -> float:
        """The multiple for update ``step`` (from 0), ``epoch`` passes and ``progress`` into the training."""
        warm = min(1.0, (step + 1) / self.config.warmup) if self.config.warmup else 1.0
        return warm * self._shape(epoch, progress)

    def _shape(self, epoch: float, progress: float) -> float:
        if self.config.schedule == "cosine":
            return 0.5 * (1 + math.cos(math.pi * progress))
        if self.config.schedule == "step":
            return self.config.decay ** int(epoch / self.config.decay_every)
        if self.config.schedule == "plateau":
            return self.config.decay**self.decays
        return 1.0

    def validated(self, loss: float) -> None:
        """Take note of a validation loss; ``plateau`` decays after too many without progress."""
        if loss < self.best:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.config.decay_patience:
            self.decays, self.waited = self.decays + 1, 0

    def state(self) -> dict[str, float]:
        """What a checkpoint must hold."""
        return {"decays": self.decays, "best": self.best, "waited": self.waited}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from ``state``."""
        self.decays, self.best, self.waited = int(state["decays"]), float(state["best"]), int(state["waited"])
