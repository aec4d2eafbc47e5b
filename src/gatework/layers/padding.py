"""Which steps of padded sequences are real."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatework.engine.contract import check_tensor, checked_lengths


def steps_within(lengths: Tensor, time: int, device: torch.device) -> Tensor:
    """True (time, batch) at the steps before each row's length (batch,)."""
    return torch.arange(time, device=device)[:, None] < lengths.to(device)


def real_steps(name: str, values: Any, width: int, lengths: Any) -> Tensor:
    """True (time, batch) at the real steps of values (time, batch, width); all are, where no lengths are given.

    Raises:
        TypeError, ValueError: the values, which the caller calls ``name``, or the lengths do not fit.
    """
    check_tensor(name, values)
    if values.ndim != 3 or values.shape[2] != width:
        raise ValueError(f"{name} must be (time, batch, {width}), not {tuple(values.shape)}")
    time, batch, _ = values.shape
    if lengths is None:
        return torch.ones(time, batch, dtype=torch.bool, device=values.device)
    if not torch.compiler.is_compiling():  # a compiled graph cannot look at values
        lengths = checked_lengths(lengths, time, batch)
    return steps_within(lengths, time, values.device)


def shares(scores: Tensor, real: Tensor) -> Tensor:
    """Softmax over the last dimension where ``real``; what is not has no share, and where nothing is, all are 0."""
    hidden = scores.masked_fill(~real, torch.finfo(scores.dtype).min)  # not -inf: rows without a real step are no NaN
    return torch.softmax(hidden, dim=-1) * real
