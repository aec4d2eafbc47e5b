"""The reference engine: ``step`` in a Python loop under autograd. Every other engine is tested against it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from gatework.cells import Cell
from gatework.engine.contract import Call, Noise, Result

name = "loop"


def refuses(call: Call) -> str | None:
    """Nothing: whatever a cell does, this engine runs."""
    return None


def unprofitable(call: Call) -> str | None:
    """Nothing: it is the last resort."""
    return None


def run(call: Call) -> Result:
    """Run the call step by step."""
    with masked(call.cell, call.noise):
        return _run(call)


def _run(call: Call) -> Result:
    state = call.state
    history: list[Any] = []
    for t, x in enumerate(call.clean_x):
        if call.resets is not None:
            state = select(call.resets[t], call.initial, state)
        following = call.cell.tick(x, state)
        if call.noise is not None and call.noise.zoneout:
            following = zoned_out(call.noise, t, state, following)
        if call.lengths is None:
            state = following
            history.append(state)
        else:
            alive = (call.lengths > t).to(x.device)
            state = select(alive, following, state)
            history.append(select(alive, following, type(state)(*map(torch.zeros_like, state))))
    outputs = torch.stack([states[0] for states in history])
    states = type(state)(*map(torch.stack, zip(*history, strict=True))) if call.every_state else None
    return Result(outputs, state, states)


@contextmanager
def masked(cell: Cell, noise: Noise | None) -> Iterator[None]:
    """While inside, the cell's gates and its ``drop`` multiply by the masks of the noise."""
    if noise is None:
        yield
        return
    gates = [gate for _, gate in cell.gates() if gate.U is not None]
    try:
        for gate in gates:
            gate.mask = noise.recurrent.get(gate.state_size)
        cell.drop.mask = noise.candidate
        yield
    finally:
        for gate in gates:
            gate.mask = None
        cell.drop.mask = None


def zoned_out(noise: Noise, t: int, before: Any, following: Any) -> Any:
    """The states after step t, some units of which keep what they were."""
    parts = []
    for kept, old, new in zip(noise.zoneout, before, following, strict=True):
        if isinstance(kept, Tensor):
            new = torch.where(kept[t], old, new)
        elif kept is not None:
            new = kept * old + (1 - kept) * new
        parts.append(new)
    return type(following)(*parts)


def select(rows: Tensor, there: Any, elsewhere: Any) -> Any:
    """Take the chosen ``rows`` (batch,) of one state and the others from another."""
    return type(there)(*(torch.where(rows[:, None], a, b) for a, b in zip(there, elsewhere, strict=True)))
