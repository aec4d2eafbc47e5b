"""The reference engine: ``step`` in a Python loop under autograd. Every other engine is tested against it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatework.engine.contract import Call, Result

name = "loop"


def refuses(call: Call) -> str | None:
    """Nothing: whatever a cell does, this engine runs."""
    return None


def unprofitable(call: Call) -> str | None:
    """Nothing: it is the last resort."""
    return None


def run(call: Call) -> Result:
    """Run the call step by step."""
    state = call.state
    history: list[Any] = []
    for t, x in enumerate(call.x):
        if call.resets is not None:
            state = select(call.resets[t], call.initial, state)
        following = call.cell.tick(x, state)
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


def select(rows: Tensor, there: Any, elsewhere: Any) -> Any:
    """Take the chosen ``rows`` (batch,) of one state and the others from another."""
    return type(there)(*(torch.where(rows[:, None], a, b) for a, b in zip(there, elsewhere, strict=True)))
