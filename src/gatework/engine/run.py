"""The one way to run a cell over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from gatework.cells import Cell
from gatework.engine import compiled, stepper
from gatework.engine.contract import Result, RunOptions, check_state, check_tensor, checked_call
from gatework.engine.pieces import run_in_pieces
from gatework.engine.plan import plan
from gatework.engine.stand_in import stand_in, standing_in


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

    On a CPU, narrow types are storage only: a cell in bfloat16 or float16 is computed in float32 and its results
    are narrowed again; under autocast it is computed in the type of its parameters.

    Raises:
        ValueError: a shape, or the range of the lengths, is wrong.
        TypeError: a type or device is wrong.
        EngineError: the engine asked for by name cannot run this.
    """
    check_tensor("x", x)
    for what, part in (("state", state), ("initial", options.get("initial"))):
        if part is not None:
            check_state(cell, part, what)
    if torch.compiler.is_compiling():
        return run_with({}, cell, x, state, engine=engine, **options)
    if x.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            kind = type_of(cell)
            state, options["initial"] = (_converted(given, kind) for given in (state, options.get("initial")))
            return run(cell, x.to(kind), state, engine=engine, **options)
    if x.device.type == "cpu" and x.dtype in _NARROW and type_of(cell) == x.dtype:
        return _widened(cell, x, state, engine, options)
    if len(x) == 1 and engine in ("auto", compiled.name):
        result = stepper.run_again(cell, x, state, options)
        if result is not None:
            return result
    if unknown := options.keys() - RunOptions.__annotations__.keys():
        raise TypeError(f"a run has no option {', '.join(sorted(unknown))}")
    every = options.pop("checkpoint_every", None)
    if every is not None and (not isinstance(every, int) or every < 1):
        raise ValueError(f"checkpoint_every must be an integer of at least 1, or None, not {every!r}")
    call = checked_call(cell, x, state, **options)  # type: ignore[misc]  # checkpoint_every has been taken out
    if every is None:
        return plan(call, engine).engine.run(call)
    if plan(call, engine).engine is compiled and compiled.keeps_only_states(call):
        return compiled.run_in_pieces(call, every)
    weights = {**dict(cell.named_parameters()), **dict(cell.named_buffers())}  # those of now, also when run again
    given = [x, *call.state, *call.initial, *cell.parameters()]
    versions = _versions(given)

    def run_piece(x: Tensor, state: Any, options: RunOptions) -> Result:
        if versions != _versions(given):
            raise RuntimeError("x, a state or a parameter was changed in place between a run and its gradient")
        return run_with(weights, cell, x, state, engine=engine, **options)

    copies: RunOptions = {"lengths": call.lengths, "resets": call.resets, "noise": call.noise}  # which nobody refills
    return run_in_pieces(run_piece, x, state, {**options, **copies}, every)


def _versions(tensors: Sequence[Tensor]) -> list[int]:
    """How often each was changed in place, where PyTorch counts it."""
    return [0 if tensor.is_inference() else tensor._version for tensor in tensors]


def run_with(parameters: Mapping[str, Tensor], cell: Cell, *arguments: Any, **options: Any) -> Result:
    """``run`` with other tensors in the place of some of the cell's parameters: name -> tensor."""
    if torch.compiler.is_compiling():
        from gatework.engine import operation  # which itself runs cells

        return operation.run(parameters, cell, *arguments, **options)
    if options.get("checkpoint_every") is not None:  # pieces run again long after this call
        return run(stand_in(cell, parameters), *arguments, **options)
    with standing_in(cell, parameters) as other:
        return run(other, *arguments, **options)


_NARROW = (torch.bfloat16, torch.float16)


def type_of(cell: Cell) -> torch.dtype:
    """The type that a cell is computed in."""
    return next(cell.parameters(), torch.empty(0)).dtype


def _converted(state: Any, kind: torch.dtype) -> Any:
    return None if state is None else tuple(part.to(kind) if isinstance(part, Tensor) else part for part in state)


def _widened(cell: Cell, x: Tensor, state: Any, engine: str, options: RunOptions) -> Result:
    """Compute in float32 what is stored in fewer bits."""

    def wide(value: Any) -> Any:
        return value.float() if isinstance(value, Tensor) and value.dtype == x.dtype else value

    parameters = {name: wide(value) for name, value in (*cell.named_parameters(), *cell.named_buffers())}
    state, initial = (given if given is None else tuple(map(wide, given)) for given in (state, options.get("initial")))
    given: dict[str, Any] = {**options, "initial": initial}
    noise = options.get("noise")
    if noise is not None:
        recurrent = {width: wide(mask) for width, mask in noise.recurrent.items()}
        given["noise"] = replace(noise, recurrent=recurrent, candidate=wide(noise.candidate))
    result = run_with(parameters, cell, x.float(), state, engine=engine, **given)
    with torch.no_grad():
        for name, buffer in cell.named_buffers():  # statistics that the step keeps
            buffer.copy_(parameters[name])

    def narrow(parts: Any) -> Any:
        return None if parts is None else type(parts)(*(part.to(x.dtype) for part in parts))

    return Result(result.outputs.to(x.dtype), narrow(result.state), narrow(result.states))
