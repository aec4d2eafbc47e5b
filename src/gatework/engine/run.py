"""The one way to run a cell over time."""

from __future__ import annotations

from typing import Any, Unpack

import torch
from torch import Tensor

from gatework.cells import Cell
from gatework.engine.contract import Result, RunOptions, checked_call
from gatework.engine.pieces import run_in_pieces
from gatework.engine.plan import plan


def run(cell: Cell, x: Tensor, state: Any = None, *, engine: str = "auto", **options: Unpack[RunOptions]) -> Result:
    """Run a cell over a batch of sequences.

    Args:
        cell: the recurrence.
        x: (time, batch, input).
        state: ``cell.State`` (or a tuple in its order) of (batch, size) to start from; the cell's initial
            state where none is given.
        engine: ``"auto"``, or the name of one in ``gatework.engine.ENGINES``.
        options: ``RunOptions``:
            initial: ``cell.State`` of (batch, size) that a reset returns to, and where it starts if no state is
                given; zeros unless said.
            lengths: (batch,) integers between 0 and time. Past its length a row's outputs are zero, its state
                stays, and neither values nor gradients depend on what the padding holds.
            resets: (time, batch) bool. Where true, the row returns to the initial state before that step.
            noise: what is dropped out and zoned out, see ``Noise``.
            every_state: also give all states at all steps.
            checkpoint_every: run so many steps at a time and keep for the gradient only the states between: little
                memory, and one more forward run; the square root of the steps needs least. None keeps everything.

    Raises:
        ValueError: a shape, or the range of the lengths, is wrong.
        TypeError: a type or device is wrong.
        EngineError: the engine asked for by name cannot run this.
    """
    if torch.compiler.is_dynamo_compiling():
        from gatework.engine import leaf  # it imports torch's compiler, which takes seconds

        return leaf.run(cell, x, state, engine, options)
    every = options.pop("checkpoint_every", None)
    call = checked_call(cell, x, state, **options)  # type: ignore[misc]  # checkpoint_every has been taken out
    if every is None:
        return plan(call, engine).engine.run(call)
    if every < 1:
        raise ValueError(f"checkpoint_every must be at least 1, not {every}")
    return run_in_pieces(
        lambda x, state, options: run(cell, x, state, engine=engine, **options), x, state, options, every
    )
