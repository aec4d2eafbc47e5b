"""Sequences of different lengths side by side in one tensor, and batches of such tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from torch import Tensor


def padded(arrays: Sequence[np.ndarray], value: float = 0) -> tuple[Tensor, Tensor]:
    """Arrays (steps, ...) as one tensor (time, batch, ...), filled up with ``value``, and the lengths (batch,)."""
    lengths = torch.tensor([len(array) for array in arrays])
    shape = (int(lengths.max()), len(arrays), *arrays[0].shape[1:])
    block = np.full(shape, value, arrays[0].dtype)
    for row, array in enumerate(arrays):
        block[: len(array), row] = array
    return torch.from_numpy(block), lengths


def is_real(lengths: Tensor, time: int) -> Tensor:
    """Where steps are no padding: (time, batch) bool."""
    return torch.arange(time, device=lengths.device)[:, None] < lengths


@dataclasses.dataclass(frozen=True)
class Batch:
    """Examples side by side; subclasses add the tensors."""

    def to(self, device: torch.device) -> Self:
        """The same on another device."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        moved = {name: value.to(device) for name, value in values.items() if isinstance(value, Tensor)}
        return dataclasses.replace(self, **moved)
