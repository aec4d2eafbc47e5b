"""A run under torch.compile: one opaque node of the compiled graph, run as it would be run without.

Imported only while torch.compile traces, because it imports torch's compiler.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch._dynamo.decorators import leaf_function

from gatework.cells import Cell
from gatework.engine.contract import Noise, Result, RunOptions, checked_call
from gatework.engine.plan import plan


def run(cell: Cell, x: Tensor, state: Any, engine: str, options: RunOptions) -> Result:
    """``gatework.engine.run`` for the compiler's eyes."""
    state = None if state is None else tuple(state)
    every_state = options.get("every_state", False)
    initial, noise = options.get("initial"), options.get("noise")
    initial = None if initial is None else tuple(initial)
    parts = None if noise is None else (dict(noise.recurrent), noise.candidate, tuple(noise.zoneout))
    more = (options.get("lengths"), options.get("resets"), initial, parts)
    flat = _opaque(cell, x, state, more, every_state, engine)
    count = len(cell.states)
    last = cell.State(*flat[1 : 1 + count])
    return Result(flat[0], last, cell.State(*flat[1 + count :]) if every_state else None)


@leaf_function
def _opaque(cell, x, state, more, every_state, engine):  # type: ignore[no-untyped-def]
    lengths, resets, initial, parts = more
    noise = None if parts is None else Noise(*parts)
    options = RunOptions(lengths=lengths, resets=resets, initial=initial, noise=noise, every_state=every_state)
    call = checked_call(cell, x, state, **options)
    result = plan(call, engine).engine.run(call)
    states = () if result.states is None else (result.outputs.clone(), *result.states[1:])
    return (result.outputs, *result.state, *states)


@_opaque.register_fake  # type: ignore[attr-defined]
def _fake(cell, x, state, more, every_state, engine):  # type: ignore[no-untyped-def]
    time, batch, _ = x.shape
    outputs = x.new_empty(time, batch, cell.hidden_size)
    last = [x.new_empty(batch, size) for size in cell.state_sizes]
    states = [x.new_empty(time, batch, size) for size in cell.state_sizes] if every_state else []
    return (outputs, *last, *states)
