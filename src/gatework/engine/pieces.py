"""A run cut in time: what a part of it is given, and long runs whose parts are computed twice to save memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from gatework.engine.contract import Noise, Result, RunOptions

Runner = Callable[[Tensor, Any, RunOptions], Result]


def piece_of(options: RunOptions, start: int, stop: int) -> RunOptions:
    """The options of the steps from start to stop of a run, as if they were all."""
    lengths, resets, noise = options.get("lengths"), options.get("resets"), options.get("noise")
    part: RunOptions = {**options}
    if lengths is not None:
        part["lengths"] = (lengths.to(torch.int64) - start).clamp(0, stop - start)
    if resets is not None:
        part["resets"] = resets[start:stop]
    if noise is not None:
        part["noise"] = _noise_of(noise, start, stop)
    return part


def _noise_of(noise: Noise, start: int, stop: int) -> Noise:
    zoneout = tuple(kept[start:stop] if isinstance(kept, Tensor) else kept for kept in noise.zoneout)
    return replace(noise, zoneout=zoneout)


def run_in_pieces(run: Runner, x: Tensor, state: Any, options: RunOptions, every: int) -> Result:
    """Run ``every`` steps at a time, keeping for the gradient only the states between.

    Each piece is run a second time when its gradient is computed (Chen et al. 2016, arXiv:1604.06174): memory beside
    the outputs falls from O(time) to O(time / every + every), the arithmetic grows by one forward run.

    Args:
        run: runs x (steps, batch, input) from a state with some options, and with the same weights whenever called.
        x: (time, batch, input).
        state: what the first piece starts from; the cell's initial state if None.
        options: those of the whole run.
        every: steps of a piece.
    """
    every_state = options.get("every_state")
    wholes: list[Tensor] = []
    for start in range(0, len(x), every):
        stop = min(start + every, len(x))
        result = _kept(run, x[start:stop], state, piece_of(options, start, stop))
        state = result.state
        parts = result.states if every_state else (result.outputs,)
        wholes = wholes or [part.new_empty(len(x), *part.shape[1:]) for part in parts]
        wholes = [_Written.apply(whole, part, start) for whole, part in zip(wholes, parts, strict=True)]
    return Result(wholes[0], state, type(state)(*wholes) if every_state else None)


class _Written(torch.autograd.Function):
    """One more piece in its place among all steps: joining the pieces in the end would hold them twice."""

    @staticmethod
    def forward(ctx: Any, whole: Tensor, piece: Tensor, start: int) -> Tensor:
        ctx.steps = slice(start, start + len(piece))
        ctx.mark_dirty(whole)
        whole[ctx.steps] = piece
        return whole

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        return gradient, gradient[ctx.steps], None  # earlier pieces read none of these steps: no need for zeros


def _kept(run: Runner, x: Tensor, state: Any, options: RunOptions) -> Result:
    if not torch.is_grad_enabled():
        return run(x, state, options)
    return checkpoint(run, x, state, options, use_reentrant=False)
