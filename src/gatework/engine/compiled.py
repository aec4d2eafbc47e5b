"""The compiled engine: any traceable cell as one generated kernel, forward and backward, on CPUs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gatework.cells import Cell, Gate
from gatework.engine import scan
from gatework.engine.autograd import Flat, KernelRun, Recurrence, forward
from gatework.engine.build import compiler
from gatework.engine.contract import Call, Result
from gatework.engine.fingerprint import Known
from gatework.engine.graph import Slot
from gatework.engine.hoist import is_input
from gatework.engine.noise import NoiseForm, form_of, noise_leaves
from gatework.engine.piecewise import Pieces
from gatework.engine.piecewise import forward as forward_in_pieces
from gatework.engine.program import Program
from gatework.engine.ragged import rows_of
from gatework.engine.tensors import Trace, Weights
from gatework.engine.trace import Traced, UntraceableError, trace
from gatework.engine.transforms import needs_the_loop
from gatework.errors import GateworkError

name = "compiled"


@dataclass(frozen=True)
class Compiled:
    """A traced cell and its kernel.

    Attributes:
        traced: the step graph and what is hoisted out of it.
        program: the kernel.
        gates: for each slot its gate.
    """

    traced: Traced
    program: Program
    gates: tuple[Gate, ...]


def refuses(call: Call) -> str | None:
    """Other devices and types, transforms of torch.func, watched gates, and steps that cannot be traced."""
    cell, x = call.cell, call.x
    if x.device.type != "cpu":
        return f"it runs on CPUs, x is on {x.device}"
    types = {parameter.dtype for parameter in cell.parameters()} | {part.dtype for part in call.state} | {x.dtype}
    if len(types) > 1 or x.dtype not in (torch.float32, torch.float64):
        return f"it computes in float32 or float64, not {', '.join(sorted(map(str, types)))}"
    if (why := needs_the_loop(call)) is not None:
        return why
    if os.name != "posix":
        return "it builds its kernels on Linux and macOS only"
    if compiler() is None:
        return "there is no C compiler: install gcc or clang, or pip install ziglang"
    try:
        compiled(cell, x.dtype, form_of(call.noise))
    except (UntraceableError, GateworkError) as error:
        return str(error)
    return None


def unprofitable(call: Call) -> str | None:
    """Single steps with gradient or options: 1.2 to 3 times slower than the loop, which packs nothing. Some scans."""
    if _is_streamed(call):
        return None
    if len(call.x) == 1:
        return "it packs its weights for every call, too dear for a single step"
    return "a scan makes large products of the small ones of its one row" if scan.outpaces_steps(call) else None


def _is_streamed(call: Call) -> bool:
    """Whether it is one bare step without gradient of a small cell, whose weights stay packed from call to call."""
    from gatework.engine import stepper  # it builds on this module

    if len(call.x) > 1 or any(given is not None for given in (call.lengths, call.resets, call.noise)):
        return False
    if not stepper.comparable(call.cell):
        return False
    parameters = list(call.cell.parameters())
    if not all(isinstance(parameter, nn.Parameter) for parameter in parameters):
        return False  # stand-ins for one call, as of functional_call
    return not torch.is_grad_enabled() or not any(t.requires_grad for t in (call.x, *call.state, *parameters))


_known = Known()
_programs: dict[tuple[str, torch.dtype], Program] = {}


def compiled(cell: Cell, dtype: torch.dtype, noise: NoiseForm = NoiseForm()) -> Compiled:  # noqa: B008 (it is frozen)
    """The kernel of a cell, traced and built when first asked for, and again when the cell's options change.

    Args:
        cell: the recurrence.
        dtype: torch.float32 or torch.float64.
        noise: the kinds of noise it is to run with.

    Raises:
        UntraceableError: its step cannot be a kernel, or the kernel cannot be built.
    """
    known = _known.of(cell)
    if (dtype, noise) not in known:
        try:
            known[dtype, noise] = _compile(cell, dtype, noise)
        except (UntraceableError, GateworkError) as error:
            known[dtype, noise] = str(error)
    found: Compiled | str = known[dtype, noise]
    if isinstance(found, str):
        raise UntraceableError(found)
    return found


def _compile(cell: Cell, dtype: torch.dtype, noise: NoiseForm) -> Compiled:
    traced = trace(cell, noise)
    key = (str(traced.step), dtype)
    if key not in _programs:
        _programs[key] = Program(traced.step, dtype)
    gates = tuple(cell.get_submodule(slot.gate) for slot in traced.step.slots)
    return Compiled(traced, _programs[key], gates)  # type: ignore[arg-type]


def weights_of(found: Compiled) -> Weights:
    """The parameters of a cell's gates as they are now."""
    slots = tuple(zip(found.traced.step.slots, found.gates, strict=True))
    return Weights(
        tuple(None if slot.source is None else _contiguous(gate.W) for slot, gate in slots),
        tuple(_contiguous(_matrix(slot, gate)) for slot, gate in slots),
        tuple(_contiguous(gate.b) if slot.bias else None for slot, gate in slots),
    )


def _matrix(slot: Slot, gate: Gate) -> Tensor | None:
    """What a slot multiplies in every step."""
    if slot.operand is None:
        return None
    return gate.W if slot.weights == "W" else gate.recurrent_weights()


def run(call: Call) -> Result:
    """Run the call: hoisted parts in PyTorch, the loop in the kernel."""
    if _is_streamed(call):
        from gatework.engine import stepper  # it builds on this module

        return stepper.run(call)
    return run_whole(call)


def run_whole(call: Call, ready: Trace | None = None) -> Result:
    """Run all steps in one go; or take them from the trace of the same run, to be differentiated."""
    run, tensors = _prepared(call, ready)
    if _is_differentiated(tensors):
        return _result(call, run, Recurrence.apply(run, *tensors))
    return _result(call, run, forward(run, tensors, keep=False)[0])


def run_in_pieces(call: Call, every: int) -> Result:
    """Run so many steps at a time, and once more for the gradient, keeping only the states between."""
    run, tensors = _prepared(call, None)
    if _is_differentiated(tensors):
        return _result(call, run, Pieces.apply(run, every, *tensors))
    return _result(call, run, forward_in_pieces(run, every, tensors)[0])


def keeps_only_states(call: Call) -> bool:
    """Whether pieces would keep nothing else for all steps: gates read the input as it is."""
    hoisted = compiled(call.cell, call.x.dtype, form_of(call.noise)).traced.hoisted
    return not hoisted.sequences and all(map(is_input, hoisted.sources))


def _is_differentiated(tensors: Sequence[Tensor | None]) -> bool:
    return torch.is_grad_enabled() and any(part is not None and part.requires_grad for part in tensors)


def run_kept(call: Call) -> tuple[Result, Trace]:
    """Run the call without autograd: its result, and what ``run_whole`` needs for the gradient."""
    run, tensors = _prepared(call, None)
    results, trace = forward(run, tensors, keep=True)
    return _result(call, run, results), trace


def _prepared(call: Call, ready: Trace | None) -> tuple[KernelRun, list[Tensor | None]]:
    """What is hoisted, and all tensors of the run."""
    found = compiled(call.cell, call.x.dtype, form_of(call.noise))
    program, weights = found.program, weights_of(found)
    time, batch, _ = call.x.shape
    rows = rows_of(call.lengths, time, batch)
    hoisted = found.traced.hoisted.values(call.cell, rows.packed(call.x))
    flat = Flat(
        *([part.contiguous() for part in parts] for parts in hoisted),
        [rows.sorted(part).contiguous() for part in call.state],
        [rows.sorted(part).contiguous() for part in call.initial],
        weights.W,
        weights.U,
        weights.b,
    )
    held, drawn = noise_leaves(call.noise, call.x[0], call.cell.state_sizes)
    run = KernelRun(
        program,
        rows,
        None if call.resets is None else rows.packed(call.resets).contiguous(),
        tuple(range(len(call.state))) if call.every_state else (0,),
        flat.sizes,
        tuple(map(rows.sorted, held)),
        tuple(map(rows.packed, drawn)),
        ready,
    )
    return run, flat.tensors


def _result(call: Call, run: KernelRun, results: tuple[Tensor, ...]) -> Result:
    rows, shown = run.rows, len(run.every)
    states = tuple(map(rows.padded, results[:shown]))
    state = call.cell.State(*map(rows.unsorted, results[shown:]))
    return Result(states[0], state, call.cell.State(*states) if call.every_state else None)


def _contiguous(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.contiguous()
