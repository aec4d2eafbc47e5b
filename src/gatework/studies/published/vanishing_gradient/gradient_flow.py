"""How much of an error at the last step arrives at the states before it."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from gatework.studies.networks import StepReader


def gradient_by_lag(model: StepReader, x: Tensor) -> dict[str, list[float]]:
    """The norms |dL/ds_{T-k}| for k = 0, 1, ..., where L is a loss at the last step, T, whose error there is 1.

    The error dL/d(answer) is the same factor at all lags; with 1 for it, a network that errs no more has gradients
    too. In double precision, in which what is called vanished still differs from zero.

    Args:
        model: gives one answer a step.
        x: (time, batch, inputs).

    Returns:
        For each state of the cell, and for ``all`` of them together, the mean norm over the batch at each lag.
    """
    exact = copy.deepcopy(model).double()
    cell = exact.recurrent.cell
    state = cell.State(*(part.requires_grad_() for part in cell.initial_state(x.shape[1])))
    passed = []
    for step in x.double():
        state = cell.State(
            *(part.clone() for part in cell.tick(step, state))
        )  # c as it is passed on, not as h reads it
        for part in state:
            part.retain_grad()
        passed.append(state)
    exact.head(state[0]).sum().backward()
    gradients = {name: torch.stack([_gradient(getattr(one, name)) for one in reversed(passed)]) for name in cell.states}
    gradients["all"] = torch.cat(list(gradients.values()), dim=-1)
    return {name: part.norm(dim=-1).mean(dim=1).tolist() for name, part in gradients.items()}


def _gradient(part: Tensor) -> Tensor:
    return torch.zeros_like(part) if part.grad is None else part.grad


def factor_per_step(norms: list[float], lags: int) -> float:
    """By what a gradient is multiplied at each step back, on the geometric mean of the first ``lags`` steps."""
    return float((norms[lags] / norms[0]) ** (1 / lags)) if norms[0] else float("nan")
