"""A window cut where rows end or start anew, for kernels that know neither lengths nor resets."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Segment:
    """Steps ``start`` to ``stop`` in which the set of running rows is constant and no reset falls inside.

    Attributes:
        start: first step; rows are reset, if at all, before this one.
        stop: one past the last step.
        rows: (rows,) int64 indices of the running rows; None for all.
        resets: whether any row is reset before ``start``.
    """

    start: int
    stop: int
    rows: Tensor | None
    resets: bool


def segments(time: int, lengths: Tensor | None, resets: Tensor | None) -> list[Segment]:
    """Cut ``time`` steps at every reset and at every length; leave out steps in which no row runs.

    Args:
        time: number of steps.
        lengths: (batch,) int64, or None.
        resets: (time, batch) bool, or None.
    """
    reset_steps = set() if resets is None else set(resets.any(dim=1).nonzero().flatten().tolist())
    ends = set() if lengths is None else set(lengths.tolist())
    cuts = sorted({0, time} | reset_steps | ends)
    found = []
    for start, stop in itertools.pairwise(cuts):
        rows = None if lengths is None else (lengths > start).nonzero().flatten()
        if rows is not None and not len(rows):
            break
        if rows is not None and lengths is not None and len(rows) == len(lengths):
            rows = None
        found.append(Segment(start, stop, rows, start in reset_steps))
    return found


def pad_rows(values: Tensor, rows: Tensor | None, batch: int, dim: int) -> Tensor:
    """Spread the running rows' values over the whole batch along ``dim``, zeros elsewhere."""
    if rows is None:
        return values
    shape = list(values.shape)
    shape[dim] = batch
    return values.new_zeros(shape).index_copy(dim, rows.to(values.device), values)


def replace_rows(whole: Tensor, rows: Tensor | None, values: Tensor) -> Tensor:
    """Return ``whole`` (batch, size) with the running rows' values in their places."""
    return values if rows is None else torch.index_copy(whole, 0, rows.to(whole.device), values)
