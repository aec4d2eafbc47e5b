"""A run as one operation of PyTorch, ``gatework::run``, which torch.compile and torch.export leave whole.

It is given a cell by its name and all tensors that the run depends on. Its gradient is a second operation, which
starts from what the kernel of the compiled engine left for it; other engines run the cell again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Unpack

import torch
from torch import Tensor

from gatework.cells import Cell, handles
from gatework.engine import compiled, saved
from gatework.engine.contract import Call, Noise, Result, RunOptions, checked_call
from gatework.engine.noise import form_of
from gatework.engine.program import Program
from gatework.engine.run import run as run_eagerly
from gatework.engine.run import type_of
from gatework.engine.stand_in import stand_in, standing_in
from gatework.engine.tensors import Trace
from gatework.errors import EngineError

_ARGUMENTS = (
    "Tensor x, Tensor[] parameters, Tensor[] buffers, Tensor[] state, Tensor[] initial, Tensor? lengths, "
    "Tensor? resets, Tensor[] masks, int[] widths, bool candidate, float[] shares, "
    "str cell, str engine, bool training, bool every_state, int checkpoint_every, bool keep"
)
_MASKS = -1.0  # among the shares of zoneout: there are masks instead


def run(
    parameters: Mapping[str, Tensor],
    cell: Cell,
    x: Tensor,
    state: Any = None,
    *,
    engine: str = "auto",
    **options: Unpack[RunOptions],
) -> Result:
    """``gatework.engine.run_with`` for the compiler's eyes."""
    handle = cell.handle
    if torch.compiler.is_exporting() and not torch.compiler.is_dynamo_compiling():
        saved.register(type(cell))
        handle = handles.keep(cell)
    if x.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        x = x.to(type_of(cell))
    buffers = [buffer for _, buffer in cell.named_buffers(remove_duplicate=False)]
    every = options.get("checkpoint_every") or 0
    every_state = options.get("every_state", False)
    # of ragged rows the trace is as large as their lengths say, which nobody knows beforehand
    keep = torch.is_grad_enabled() and options.get("lengths") is None and not every and engine in ("auto", "compiled")
    flat = _run(
        x,
        [parameters.get(name, own) for name, own in cell.named_parameters(remove_duplicate=False)],
        [buffer.clone() for buffer in buffers] if cell.training else buffers,  # training may change them
        _parts(state),
        _parts(options.get("initial")),
        options.get("lengths"),
        options.get("resets"),
        *_noise_arguments(options.get("noise")),
        handle,
        engine,
        cell.training,
        every_state,
        every,
        keep and not torch.compiler.is_exporting(),  # what is exported mostly infers; it has gradients none the less
    )
    count = len(cell.states)
    states = cell.State(flat[0], *flat[1 + count : 2 * count]) if every_state else None
    if cell.training:
        for buffer, new in zip(buffers, flat[len(flat) - len(buffers) :], strict=True):
            with torch.no_grad():
                buffer.copy_(new)
    return Result(flat[0], cell.State(*flat[1 : 1 + count]), states)


def _parts(state: Any) -> list[Tensor]:
    if state is None:
        return []
    return [state] if isinstance(state, Tensor) else list(state)


def _noise_arguments(noise: Noise | None) -> tuple[list[Tensor], list[int], bool, list[float]]:
    if noise is None:
        return [], [], False, []
    widths = sorted(noise.recurrent)
    masks = [noise.recurrent[width] for width in widths]
    if noise.candidate is not None:
        masks.append(noise.candidate)
    masks += [kept for kept in noise.zoneout if isinstance(kept, Tensor)]
    shares = [_MASKS if isinstance(kept, Tensor) else float(kept or 0) for kept in noise.zoneout]
    return masks, widths, noise.candidate is not None, shares


@dataclass(frozen=True)
class _Arguments:
    """What both operations are given, in the order of ``_ARGUMENTS``."""

    x: Tensor
    parameters: Sequence[Tensor]
    buffers: Sequence[Tensor]
    state: Sequence[Tensor]
    initial: Sequence[Tensor]
    lengths: Tensor | None
    resets: Tensor | None
    masks: Sequence[Tensor]
    widths: Sequence[int]
    candidate: bool
    shares: Sequence[float]
    cell: str
    engine: str
    training: bool
    every_state: bool
    checkpoint_every: int
    keep: bool

    @property
    def module(self) -> Cell:
        found = handles.find(self.cell)
        if found is None:
            cause = f"the cell {self.cell!r} of a compiled graph is gone, or of a class that is not imported"
            raise EngineError(cause, "import the module of its class; keep the model, or export it anew")
        return found

    @property
    def differentiable(self) -> list[Tensor]:
        return [self.x, *self.parameters, *self.state, *self.initial]

    @property
    def noise(self) -> Noise | None:
        if not self.masks and not self.shares:
            return None
        masks = iter(self.masks)
        recurrent = {width: next(masks) for width in self.widths}
        candidate = next(masks) if self.candidate else None
        return Noise(recurrent, candidate, tuple(next(masks) if s == _MASKS else s or None for s in self.shares))

    def run(self, tensors: Sequence[Tensor], left: Sequence[Tensor] = ()) -> tuple[list[Tensor], list[Tensor]]:
        """Run with tensors in the place of ``differentiable``, or take the steps from what a run left.

        Returns:
            Outputs, final states, further states at all steps if they are wanted or kept, then the kernel's trace;
            and the buffers after the run.
        """
        x, *rest = tensors
        parameters, rest = rest[: len(self.parameters)], rest[len(self.parameters) :]
        state, initial = rest[: len(self.state)], rest[len(self.state) :]
        buffers = [buffer.clone() for buffer in self.buffers]
        options = RunOptions(
            initial=tuple(initial) or None,
            lengths=self.lengths,
            resets=self.resets,
            noise=self.noise,
            every_state=self.every_state,
        )
        found = self.within((*parameters, *buffers), self._run, x, tuple(state) or None, options, left)
        return found, buffers if self.training else []

    def _run(self, cell: Cell, x: Tensor, state: Any, options: RunOptions, left: Sequence[Tensor]) -> list[Tensor]:
        if self.keep:
            call = checked_call(cell, x, state, **{**options, "every_state": True})  # type: ignore[arg-type]
            if left:
                return _listed(compiled.run_whole(call, self._trace(cell, left)))
            if compiled.refuses(call) is None and not torch.is_grad_enabled():
                result, trace = compiled.run_kept(call)
                return [*_listed(result), *trace.buffers, *trace.operands]
        if self.checkpoint_every:
            options["checkpoint_every"] = self.checkpoint_every
        return _listed(run_eagerly(cell, x, state, engine=self.engine, **options))

    def _trace(self, cell: Cell, left: Sequence[Tensor]) -> Trace:
        """The trace among the results of a run."""
        program = compiled.compiled(cell, self.x.dtype, form_of(self.noise)).program
        states = len(cell.states)
        operands = 2 * states + len(program.layout.sources)
        buffers, rest = left[2 * states : operands], left[operands : operands + len(program.step.expressions)]
        over_time = (part.flatten(0, 1) for part in (left[0], *left[1 + states : 2 * states]))
        return Trace(tuple(buffers), tuple(over_time), tuple(rest))

    def within(self, values: Sequence[Tensor], function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function with the cell, which has other parameters and buffers and is in the mode of the call."""
        cell = self.module
        named = dict(zip(_tensor_names(cell), values, strict=True))
        # pieces run again when their gradient is computed, after this call
        lent = nullcontext(stand_in(cell, named)) if self.checkpoint_every else standing_in(cell, named)
        with lent as other:
            if other.training != self.training:
                other.train(self.training)
            return function(other, *arguments)

    def program(self) -> Program | None:
        """The kernel that leaves a trace, for tensors of which nothing but shape and type is known."""
        if not self.keep or self.x.device.type != "cpu":
            return None
        with ThreadPoolExecutor(1) as elsewhere:  # where all tensors are real
            return elsewhere.submit(self._program).result()

    def _program(self) -> Program | None:
        values = [torch.rand(*map(int, part.shape)).to(part.dtype) for part in (*self.parameters, *self.buffers)]
        found: Program | None = self.within(values, self._program_of)
        return found

    def _program_of(self, cell: Cell) -> Program | None:
        x = torch.zeros(2, 1, cell.input_size, dtype=self.x.dtype)
        state = cell.State(*(x.new_zeros(1, size) for size in cell.state_sizes))
        call = Call(cell, x, state, state, noise=self.noise)
        return None if compiled.refuses(call) else compiled.compiled(cell, x.dtype, form_of(self.noise)).program


def _listed(result: Result) -> list[Tensor]:
    return [result.outputs, *result.state, *(result.states or ())[1:]]


def _tensor_names(cell: Cell) -> list[str]:
    """The names of the cell's parameters and buffers, as ``run`` takes them."""
    named = (*cell.named_parameters(remove_duplicate=False), *cell.named_buffers(remove_duplicate=False))
    return [name for name, _ in named]


@torch.library.custom_op("gatework::run", mutates_args=(), schema=f"({_ARGUMENTS}) -> Tensor[]")
def _run(*arguments: Any) -> list[Tensor]:
    given = _Arguments(*arguments)
    with torch.no_grad():
        results, buffers = given.run(given.differentiable)
    return _own([*results, *buffers], [*given.differentiable, *given.buffers])


@_run.register_fake
def _(*arguments: Any) -> list[Tensor]:
    given = _Arguments(*arguments)
    time, batch, _ = given.x.shape
    sizes, new = given.module.state_sizes, given.x.new_empty
    results = [new(time, batch, sizes[0]), *(new(batch, size) for size in sizes)]
    program = given.program()
    results += [new(time, batch, size) for size in sizes[1:]] if given.every_state or program else []
    results += [] if program is None else [new(shape) for shape in program.kept(time * batch)]
    return results + [torch.empty_like(buffer) for buffer in given.buffers if given.training]


def _remember(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    given = _Arguments(*inputs)
    left = output if _leaves_trace(given, len(output)) else []
    groups = (given.parameters, given.buffers, given.state, given.initial, given.masks, left)
    ctx.save_for_backward(given.x, given.lengths, given.resets, *(part for group in groups for part in group))
    ctx.counts, ctx.rest = [len(group) for group in groups], inputs[8:]
    ctx.set_materialize_grads(False)


def _gradient(ctx: Any, gradients: list[Tensor | None]) -> tuple[Any, ...]:
    x, lengths, resets, *rest = ctx.saved_tensors
    parts = iter(rest)
    parameters, buffers, state, initial, masks, left = ([next(parts) for _ in range(count)] for count in ctx.counts)
    arguments = (x, parameters, buffers, state, initial, lengths, resets, masks, *ctx.rest)
    need_x, need_parameters, _, need_state, need_initial = ctx.needs_input_grad[:5]
    wanted = [need_x, *need_parameters, *need_state, *need_initial]
    found = iter(torch.ops.gatework.run_backward(gradients, left, wanted, *arguments))
    slopes = iter([next(found) if want else None for want in wanted])
    groups = [[next(slopes) for _ in group] for group in ([x], parameters, state, initial)]
    nothing: list[Any] = [[None] * len(masks), *([] if part == [] else None for part in ctx.rest)]
    return groups[0][0], groups[1], [None] * len(buffers), groups[2], groups[3], None, None, *nothing


def _leaves_trace(given: _Arguments, count: int) -> bool:
    """Whether a run with so many results left more than it was asked for."""
    states = len(given.module.state_sizes)
    asked = 1 + states + (states - 1 if given.every_state else 0) + (len(given.buffers) if given.training else 0)
    return count > asked


_run.register_autograd(_gradient, setup_context=_remember)

# not a custom_op, which would forbid autograd inside
torch.library.define(
    "gatework::run_backward", f"(Tensor?[] gradients, Tensor[] left, bool[] wanted, {_ARGUMENTS}) -> Tensor[]"
)


@torch.library.impl("gatework::run_backward", "default")
def _backward(
    gradients: Sequence[Tensor | None], left: Sequence[Tensor], wanted: Sequence[bool], *arguments: Any
) -> list[Tensor]:
    given = _Arguments(*arguments)
    with torch.enable_grad():
        tensors = [
            tensor.detach().requires_grad_(want) for tensor, want in zip(given.differentiable, wanted, strict=True)
        ]
        results, _ = given.run(tensors, [part.detach() for part in left])
        pairs = [
            (result, gradient)
            for result, gradient in zip(results, gradients, strict=False)
            if gradient is not None and result.requires_grad
        ]
        chosen = [tensor for tensor in tensors if tensor.requires_grad]
        if pairs:
            slopes, results = [slope for _, slope in pairs], [result for result, _ in pairs]
            found = torch.autograd.grad(results, chosen, slopes, allow_unused=True, materialize_grads=True)
        else:
            found = tuple(torch.zeros_like(tensor) for tensor in chosen)
    return _own(found, [part for part in gradients if part is not None])


@torch.library.register_fake("gatework::run_backward")
def _(
    gradients: Sequence[Tensor | None], left: Sequence[Tensor], wanted: Sequence[bool], *arguments: Any
) -> list[Tensor]:
    tensors = _Arguments(*arguments).differentiable
    return [tensor.new_empty(tensor.shape) for tensor, want in zip(tensors, wanted, strict=True) if want]


def _own(results: Sequence[Tensor], inputs: Sequence[Tensor]) -> list[Tensor]:
    """The results contiguous and in memory of their own, as an operation must return them."""
    taken = {tensor.untyped_storage().data_ptr() for tensor in inputs}
    found = []
    for result in results:
        result = result.detach().contiguous()
        if result.untyped_storage().data_ptr() in taken:
            result = result.clone()
        taken.add(result.untyped_storage().data_ptr())
        found.append(result)
    return found
