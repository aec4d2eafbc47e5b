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


def hard_sigmoid(value: Tensor) -> Tensor:
    """``x / 6 + 1/2`` cut to [0, 1], as in torch, whose derivative of it is 1/6 in single precision even in float64."""
    return torch.clamp(value / 6 + 0.5, 0, 1)


def positive(value: Tensor) -> Tensor:
    """From 0 on x + 1/2, below the logistic sigmoid: above 0 everywhere (Feng et al. 2024, arXiv:2410.01201)."""
    return torch.where(value >= 0, value + 0.5, torch.sigmoid(value))


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": torch.sigmoid,
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "softplus": F.softplus,
    "silu": F.silu,
    "gelu": F.gelu,
    "hard_sigmoid": hard_sigmoid,
    "hard_tanh": F.hardtanh,
    "sin": torch.sin,
    "identity": identity,
    "positive": positive,
}
"""Name -> function."""


def activation(name: str) -> Activation:
    """The function of a name.

    Raises:
        ValueError: there is none.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"an activation is one of {', '.join(ACTIVATIONS)}, not {name!r}")
    return ACTIVATIONS[name]
