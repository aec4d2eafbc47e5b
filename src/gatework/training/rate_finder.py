"""Which learning rate to take: the loss while the rate rises from far too small to far too large.

The range test of Smith 2017 (arXiv:1506.01186), with the loss smoothed exponentially.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from gatework.errors import DivergedError, InputError
from gatework.models.pretrained import own_tensors
from gatework.training.trainer import Trainer

SMOOTHING = 0.9
TOO_HIGH = 1.5
"""The search ends where the smoothed loss is so many times the lowest one."""
LEAST = 20
"""Fewer updates say too little."""
BELOW = 10.0
"""The suggestion lies this factor below the rate at which the loss was lowest."""


@dataclass(frozen=True)
class RateSearch:
    """What a search found.

    Attributes:
        rates: the learning rates tried, rising.
        losses: the smoothed loss at each.
    """

    rates: list[float]
    losses: list[float]

    @property
    def suggestion(self) -> float:
        """The learning rate to take as the peak of a schedule."""
        return self.rates[self.losses.index(min(self.losses))] / BELOW


def find_rate(
    trainer: Trainer,
    *,
    lowest: float = 1e-5,
    highest: float = 3.0,
    updates: int = 150,
    poll: Callable[[], None] = lambda: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RateSearch:
    """Train for some updates with rising learning rates, then put the model back as it was.

    Args:
        trainer: a fresh one; afterwards only its random generators have moved on.
        lowest: the first rate.
        highest: the last one; the search ends before if the loss grows too far.
        updates: how many rates are tried, in equal ratios.
        poll: called before each; raises to give up.
        progress: told the updates done and how many there are.

    Raises:
        InputError: the range is empty, there are too few updates, or the loss is no number from the start.
    """
    if not 0 < lowest < highest or updates < LEAST:
        raise InputError(
            f"rates from {lowest:g} to {highest:g} in {updates} updates tell nothing",
            f"give a rising range of positive rates and at least {LEAST} updates",
        )
    kept = {name: tensor.detach().clone() for name, tensor in own_tensors(trainer.model).items()}
    trainer.model.train()
    ratio = (highest / lowest) ** (1 / (updates - 1))
    try:
        return _searched(trainer, [lowest * ratio**step for step in range(updates)], poll, progress)
    finally:
        trainer.optimizer.state.clear()
        trainer.optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, tensor in own_tensors(trainer.model).items():
                tensor.copy_(kept[name])


def _searched(
    trainer: Trainer,
    rates: list[float],
    poll: Callable[[], None],
    progress: Callable[[int, int], None],
) -> RateSearch:
    smoothed: list[float] = []
    mean, epoch, index, state = 0.0, 0, 0, None
    for done, rate in enumerate(rates):
        poll()
        progress(done, len(rates))
        try:
            loss, state = trainer.updated(epoch, index, state, rate)
        except DivergedError:
            break
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        value = mean / (1 - SMOOTHING ** (done + 1))
        if smoothed and value > TOO_HIGH * min(smoothed):
            break
        smoothed.append(value)
        index += 1
        if index == trainer.objective.batches(epoch):
            epoch, index, state = epoch + 1, 0, None
    if not smoothed:
        raise InputError("the loss is no finite number before anything was learnt", "look at the data and the model")
    return RateSearch(rates[: len(smoothed)], smoothed)
