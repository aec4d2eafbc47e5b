"""The activation functions that a cell may be given by name."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Activation = Callable[[Tensor], Tensor]


def identity(value: Tensor) -> Tensor:
    """The value itself."""
    return value


def positive(value: Tensor) -> Tensor:
    """From 0 on x + 1/2, below the logistic sigmoid: above 0 everywhere (Feng et al. 2024, arXiv:2410.01201)."""
    return torch.where(value >= 0, value + 0.5, torch.sigmoid(value))
