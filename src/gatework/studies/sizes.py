"""Networks of as many parameters with different cells."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


def parameter_count(model: nn.Module) -> int:
    """The number of a model's parameters."""
    return sum(parameter.numel() for parameter in model.parameters())


def equal_size(make: Callable[[int], nn.Module], parameters: int, least: int = 1) -> int:
    """The width at which a model comes nearest to so many parameters.

    Args:
        make: a model of a width; it must grow with it. It is made without memory, on the device ``meta``.
        parameters: wanted.
        least: the smallest width that there may be.
    """

    def count(width: int) -> int:
        with torch.device("meta"):
            return parameter_count(make(width))

    low, high = least, 2 * least
    while count(high) <= parameters:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= parameters else (low, middle)
    return min((low, high), key=lambda width: abs(count(width) - parameters))
