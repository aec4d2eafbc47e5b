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
    "hard_sigmoid": F.hardsigmoid,
    "hard_tanh": F.hardtanh,
    "sin": torch.sin,
    "identity": identity,
}
"""Name -> function. ``hard_sigmoid`` is clamp(x / 6 + 1/2), as in torch."""


def activation(name: str) -> Activation:
    """The function of a name.

    Raises:
        ValueError: there is none.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"an activation is one of {', '.join(ACTIVATIONS)}, not {name!r}")
    return ACTIVATIONS[name]
