"""The operations of a step graph in PyTorch, on the values of all steps at once."""

from __future__ import annotations

import operator
from collections.abc import Callable

import torch
from torch import Tensor

OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "where": torch.where,
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
    "both": operator.and_,
    "either": operator.or_,
    "opposite": operator.invert,
    "row_sum": lambda x: x.sum(-1, keepdim=True),
    "row_max": lambda x: x.amax(-1, keepdim=True),
    "detach": torch.detach,
}
"""Operation -> function of tensors that end in (width,), in (1,) for one value a row, or are single numbers."""
