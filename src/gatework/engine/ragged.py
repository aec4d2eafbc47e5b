"""Rows of different lengths without their padding: sorted, so that those that still run come first at every step.

As torch packs sequences: the rows of step 0, then those of step 1 that have not ended, and so on. A row has the
same place among the rows of all its steps.
"""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor


class Whole:
    """Rows of equal length: nothing to sort, nothing to leave out.

    Args:
        batch: the number of rows.
        time: the steps of each.
    """

    ragged = None

    def __init__(self, batch: int, time: int) -> None:
        self.batch = batch
        self.steps = time

    def packed(self, values: Tensor) -> Tensor:
        """From (time, batch, ...) to (rows, ...)."""
        return values.flatten(0, 1)

    def padded(self, values: Tensor) -> Tensor:
        """The way back."""
        return values.unflatten(0, (self.steps, self.batch))

    def sorted(self, values: Tensor) -> Tensor:
        """As they are."""
        return values

    unsorted = sorted


class Ragged:
    """Rows of different lengths: where those of each step lie, and the way there and back.

    Args:
        lengths: (batch,) int64 on the CPU.
        time: the steps that there is room for.

    Attributes:
        steps: those of the longest row.
        offsets: (steps + 1,) int64: where each step begins, and the number of rows of all steps.
        lengths: in falling order.
    """

    def __init__(self, lengths: Tensor, time: int) -> None:
        self.time, self.batch = time, len(lengths)
        self.order = lengths.argsort(descending=True, stable=True)
        self.back = self.order.argsort()
        self.lengths = lengths[self.order]
        self.steps = int(self.lengths[0])
        steps = torch.arange(self.steps)[:, None]
        alive = steps < self.lengths
        self.offsets = torch.zeros(self.steps + 1, dtype=torch.int64)
        torch.cumsum(alive.sum(1), 0, out=self.offsets[1:])
        self.places = (steps * self.batch + self.order)[alive]

    def piece(self, first: int, stop: int) -> Ragged:
        """The steps from first to stop alone: the same rows in the same order, some of which have no step in it."""
        part = copy(self)
        part.time = part.steps = stop - first
        part.lengths = (self.lengths - first).clamp(0, stop - first)
        part.offsets = self.offsets[first : stop + 1] - self.offsets[first]
        part.places = self.places[self.offsets[first] : self.offsets[stop]] - first * self.batch
        return part

    @property
    def ragged(self) -> Ragged:
        """This."""
        return self

    def packed(self, values: Tensor) -> Tensor:
        """From (time, batch, ...) to (rows, ...); what is padding is not read."""
        return values.flatten(0, 1).index_select(0, self.places.to(values.device))

    def padded(self, values: Tensor) -> Tensor:
        """The way back, zeros in the padding."""
        whole = values.new_zeros(self.time * self.batch, *values.shape[1:])
        whole.index_copy_(0, self.places.to(values.device), values)
        return whole.unflatten(0, (self.time, self.batch))

    def sorted(self, values: Tensor) -> Tensor:
        """From (batch, ...) to the order of the rows."""
        return values.index_select(0, self.order)

    def unsorted(self, values: Tensor) -> Tensor:
        """The way back."""
        return values.index_select(0, self.back)

    def last(self, states: Tensor, start: Tensor) -> Tensor:
        """Each row's state after its last step: of states (rows, width), or of start (batch, width) if it has none."""
        if not self.steps:
            return start.clone()
        rows = self.offsets[self.lengths - 1] + torch.arange(self.batch)
        ended = states.index_select(0, torch.where(self.lengths > 0, rows, 0))
        return ended if self.lengths[-1] else torch.where((self.lengths > 0)[:, None], ended, start)


def rows_of(lengths: Tensor | None, time: int, batch: int) -> Whole | Ragged:
    """How a batch is best laid out."""
    return Whole(batch, time) if lengths is None or int(lengths.min()) == time else Ragged(lengths, time)
