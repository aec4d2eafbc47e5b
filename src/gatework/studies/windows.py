"""Truncated backpropagation through the windows of streams: side by side, or each a few steps after the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gatework.layers import detached
from gatework.studies.networks import StepReader, update

Loss = Callable[[Tensor, Tensor], Tensor]


def train_in_windows(
    model: StepReader,
    x: Tensor,
    wanted: Tensor,
    loss: Loss,
    optimizer: torch.optim.Optimizer,
    *,
    k1: int,
    k2: int,
    clip_norm: float | None = None,
    each: Callable[[float], None],
) -> None:
    """Every ``k1`` steps, learn from the last ``k1`` answers and send their errors back through the last ``k2`` steps.

    The state from which a window starts is that which the one before had there.

    Args:
        model: what is trained.
        x: (time, batch, inputs).
        wanted: (time, batch, ...).
        loss: of answers and what was wanted; a mean.
        optimizer: of the model's parameters.
        k1: steps from window to window, at most k2.
        k2: steps of a window.
        clip_norm: where the norm of the gradient is clipped; nowhere if None.
        each: told of the loss before each update.

    Raises:
        DivergedError: a loss is no finite number.
    """
    state: Any = None
    for begin in range(0, len(x) - k2 + 1, k1):
        answers, state = _window(model, x[begin : begin + k2], state, k1)
        each(update(model, loss(answers, wanted[begin + k2 - k1 : begin + k2]), optimizer, clip_norm))


def _window(model: StepReader, x: Tensor, state: Any, k1: int) -> tuple[Tensor, Any]:
    """The last ``k1`` answers, and the detached state after the first ``k1`` steps: there the next window begins."""
    if k1 == len(x):
        return model(x, state)
    result = model.recurrent(x, state, every_state=True)
    carried = type(result.states)(*(part[k1 - 1] for part in result.states))
    return model.head(result.outputs[-k1:]), detached(carried)


def reaching(lag: int, k1: int, k2: int) -> float:
    """The share of answers whose error is sent at least ``lag`` steps back."""
    return min(1.0, max(0.0, (k2 - lag) / k1))
