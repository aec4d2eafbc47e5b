"""Long runs of a kernel in pieces: only the states between are kept, and each piece is run again for its gradient.

What ``pieces`` does for every engine, without autograd's work for each piece: weights are packed once for all pieces,
and a piece writes to the memory that the last one left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gatework.engine.autograd import KernelRun, check_gradients, given_to_states, last_states
from gatework.engine.second import differentiable
from gatework.engine.tensors import Gradients, Inputs, Weights


def forward(
    run: KernelRun, every: int, tensors: Sequence[Tensor | None]
) -> tuple[tuple[Tensor, ...], list[tuple[Tensor, ...]]]:
    """Returns: results as of ``autograd.forward``; and the states that each piece starts from.

    Args:
        run: what to run.
        every: steps of a piece.
        tensors: those of the run.
    """
    inputs, weights = run.inputs(tensors)
    sizes = run.program.step.state_sizes
    # not out of the pool, which would keep what is dropped before the gradient is computed
    wholes = tuple(inputs.start[k].new_empty(inputs.rows, sizes[k]) for k in run.every)
    state, starts = inputs.start, []
    for first in range(0, max(inputs.time, 1), every):
        piece = inputs.piece(first, min(first + every, inputs.time), state)
        starts.append(state)
        rows = inputs.rows_of(first, first + piece.time)
        into = [whole[rows] for whole in wholes]
        trace = run.program.forward(piece, weights, keep=False, every=run.every, into=into)
        state = last_states(piece, trace)
    return (
        *wholes,
        *(part.clone() if part is start else part for part, start in zip(state, inputs.start, strict=True)),
    ), starts


class Pieces(torch.autograd.Function):
    """A run of which the states between pieces are kept for the gradient."""

    @staticmethod
    def forward(ctx: Any, run: KernelRun, every: int, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        """Results as of the function ``forward``."""
        results, starts = forward(run, every, tensors)
        ctx.run, ctx.every, ctx.count = run, every, len(tensors)
        ctx.save_for_backward(*tensors, *(part for start in starts[1:] for part in start))
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        """The gradient of every tensor."""
        check_gradients(gradients)
        run: KernelRun = ctx.run
        tensors, kept = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]
        inputs, weights = run.inputs(tensors)
        states = len(inputs.start)
        starts = [inputs.start, *(kept[at : at + states] for at in range(0, len(kept), states))]
        want = ctx.needs_input_grad[2 : 2 + len(inputs.sources)]
        parts = _backward(run, ctx.every, inputs, weights, starts, gradients, want).flat
        if torch.is_grad_enabled():
            parts = differentiable(parts, tensors, gradients, run.interpreted)
        return None, None, *parts


def _backward(
    run: KernelRun,
    every: int,
    inputs: Inputs,
    weights: Weights,
    starts: Sequence[tuple[Tensor, ...]],
    gradients: Sequence[Tensor | None],
    want_sources: Sequence[bool],
) -> Gradients:
    """Each piece forward and backward, the last one first."""
    given = given_to_states(run, gradients, len(inputs.start))
    last = gradients[len(run.every) :]
    total = Total(inputs, want_sources)
    for number in reversed(range(len(starts))):
        first, stop = number * every, min((number + 1) * every, inputs.time)
        piece, rows = inputs.piece(first, stop, starts[number]), inputs.rows_of(first, stop)
        trace = run.program.forward(piece, weights, keep=True, every=range(len(inputs.start)))
        coming = [None if part is None else part[rows] for part in given]
        found = run.program.backward(piece, weights, trace, coming, last, overwrite=True, want_sources=want_sources)
        total.add(found, rows)
        last = found.start
    return total.gradients


class Total:
    """The gradients of a run, from those of its pieces.

    Args:
        inputs: of the run.
        want_sources: for each source whether its gradient is wanted.
    """

    def __init__(self, inputs: Inputs, want_sources: Sequence[bool]) -> None:
        wanted = zip(inputs.sources, want_sources, strict=True)
        self.sources = tuple(torch.empty_like(part) if want else None for part, want in wanted)
        self.sequences = tuple(map(torch.empty_like, inputs.sequences))
        self.sums: Gradients | None = None

    def add(self, found: Gradients, rows: slice) -> None:
        """Take in the gradients of a piece, whose steps are those rows, and which comes before those added so far."""
        for whole, part in zip((*self.sources, *self.sequences), (*found.sources, *found.sequences), strict=True):
            if whole is not None and part is not None:
                whole[rows] = part
        if self.sums is not None:
            for total, part in zip(_summed(found), _summed(self.sums), strict=True):
                if total is not None and part is not None:
                    total.add_(part)
        self.sums = found

    @property
    def gradients(self) -> Gradients:
        """Those of the run, once all pieces were added."""
        assert self.sums is not None
        return replace(self.sums, sources=self.sources, sequences=self.sequences)


def _summed(found: Gradients) -> tuple[Tensor | None, ...]:
    return (*found.parameters, *found.initial, *found.W, *found.U, *found.b)
