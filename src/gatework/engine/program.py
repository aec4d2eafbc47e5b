"""A built kernel with the memory it works in: from tensors to arguments, both directions.

Shapes: x (time, batch, input), states (batch, hidden), outputs (time, batch, hidden). All tensors are
contiguous, on the CPU and of the kernel's type.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gatework.engine.build import build
from gatework.engine.emit_c import Kernel, emit
from gatework.engine.graph import StepGraph
from gatework.engine.layout import Zone, panel_width
from gatework.engine.workspace import take


@dataclass(frozen=True)
class Weights:
    """The parameters of the gates, one entry a slot, None where a gate has none.

    Attributes:
        W: (hidden, input).
        U: (hidden, hidden).
        b: (hidden,).
    """

    W: tuple[Tensor | None, ...]
    U: tuple[Tensor | None, ...]
    b: tuple[Tensor | None, ...]


@dataclass(frozen=True)
class Inputs:
    """What a run starts from.

    Attributes:
        sources: (time, batch, any) each: what input weights multiply.
        sequences: (time, batch, hidden) each.
        parameters: (hidden,) each.
        start: (batch, hidden) each: the states before the first step.
        initial: (batch, hidden) each: the states that a reset returns to.
        lengths: (batch,) int64, or None.
        resets: (time, batch) bool, or None.
        time: number of steps.
    """

    sources: tuple[Tensor, ...]
    sequences: tuple[Tensor, ...]
    parameters: tuple[Tensor, ...]
    start: tuple[Tensor, ...]
    initial: tuple[Tensor, ...]
    lengths: Tensor | None
    resets: Tensor | None
    time: int


@dataclass(frozen=True)
class Trace:
    """What a run leaves for its gradient.

    Attributes:
        buffers: (time, batch, slots * padded) each: pre-activations, or activations where those suffice.
        states: (time, batch, hidden) each: after each step, zero past a row's length. Two steps only
            for hidden states of runs without gradient.
        operands: (time, batch, hidden) each: the expressions that products multiplied.
    """

    buffers: tuple[Tensor, ...]
    states: tuple[Tensor, ...]
    operands: tuple[Tensor, ...]


@dataclass(frozen=True)
class Gradients:
    """The gradients of all that entered a run, in the shapes of ``Inputs`` and ``Weights``."""

    sources: tuple[Tensor | None, ...]
    sequences: tuple[Tensor, ...]
    parameters: tuple[Tensor, ...]
    start: tuple[Tensor, ...]
    initial: tuple[Tensor | None, ...]
    W: tuple[Tensor | None, ...]
    U: tuple[Tensor | None, ...]
    b: tuple[Tensor | None, ...]


_L2_BYTES = 1_500_000  # weights that fit beside everything else in the cache of one core
_WORTH_A_TEAM = 60_000  # multiplications in a step, below which meeting costs more than it spares
_STEP_WORTH_A_TEAM = 30_000  # batch * hidden^2 of a single step, likewise

_single_threaded = False


def _after_fork() -> None:
    global _single_threaded
    _single_threaded = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Program:
    """The kernel of one step graph in one type.

    Args:
        step: what the cell computes.
        hidden: the width of its states.
        dtype: torch.float32 or torch.float64.

    Raises:
        EngineError: it cannot be built.
    """

    def __init__(self, step: StepGraph, hidden: int, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.hidden = hidden
        self.kernel: Kernel = emit(step, torch.finfo(dtype).bits)
        self.step = step
        self.layout = self.kernel.layout
        self.library = build(self.kernel.source)
        for function in (self.library.forward, self.library.backward, self.library.step):
            function.argtypes, function.restype = [ctypes.c_void_p], None
        for name in ("pack_forward", "pack_backward", "separate_transposed"):
            getattr(self.library, name).argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 5]
        for name in ("interleave", "separate"):
            getattr(self.library, name).argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 4]
        self.library.lanes.restype = ctypes.c_int64
        self.lanes = int(self.library.lanes())
        self.padded = -(-hidden // self.lanes) * self.lanes
        self._expressions = [node for node in step.operands if step.graph.nodes[node].op != "state"]

    def forward(self, inputs: Inputs, weights: Weights, *, keep: bool, every: Sequence[int]) -> Trace:
        """Run all steps.

        Args:
            inputs: what to run on.
            weights: the gates' parameters.
            keep: whether a gradient will be asked for.
            every: the states that are wanted at every step; all if ``keep`` or if rows have lengths.
        """
        batch, hidden = inputs.start[0].shape
        time, padded = inputs.time, self.padded
        new = inputs.start[0].new_empty
        whole = keep or inputs.lengths is not None
        states = tuple(
            new(time if whole or k in every else min(2, time), batch, hidden) for k in range(len(inputs.start))
        )
        operands = tuple(new(time if keep else min(2, time), batch, hidden) for _ in self._expressions)
        fields = self._shared_fields(inputs, states, batch, hidden)
        held: list[Tensor] = []
        buffers = []
        for index, source in enumerate(self.layout.sources):
            slots = self.layout.slots(index)
            joined_bias = self.interleaved(index, weights.b, 1)
            if source is None:
                buffer = new(time if keep else 1, batch, len(slots) * padded)
                fields[f"bias{index}"] = joined_bias.data_ptr()
                held.append(joined_bias)
            else:
                x = inputs.sources[source].reshape(time * batch, -1)
                joined = self.interleaved(index, weights.W, x.shape[1])
                buffer = take((time, batch, len(joined)), self.dtype)
                torch.addmm(joined_bias.view(-1), x, joined.t(), out=buffer.view(time * batch, -1))
            fields[f"buffer{index}"] = buffer.data_ptr()
            fields[f"buffer{index}_steps"] = len(buffer)
            buffers.append(buffer)
        for z, zone in enumerate(self.layout.zones):
            if zone.operand is not None:
                packed = self.packed_forward(zone, weights.U)
                fields[f"weights{z}"] = packed.data_ptr()
                held.append(packed)
        for node, operand in zip(self._expressions, operands, strict=True):
            fields[f"operand{node}"], fields[f"operand{node}_steps"] = operand.data_ptr(), len(operand)
        fields["keep"] = int(keep)
        held += self._parameters(inputs, fields, padded)
        held += self._workspaces(fields, 0, new, batch, padded)
        self._call(self.library.forward, self.kernel.forward, fields)
        return Trace(tuple(buffers), states, operands)

    def step_fields(
        self, like: Tensor, weights: Weights, parameters: Sequence[Tensor], held: list[Tensor]
    ) -> tuple[dict[str, int], list[tuple[int, int, int, int, int, int]]]:
        """The arguments of a forward loop of one step, all but the addresses of its states.

        Args:
            like: (batch, hidden), for shape and type.
            weights: the gates' parameters, packed here.
            parameters: (hidden,) each.
            held: takes the tensors that must live as long as the arguments are used.

        Returns:
            The fields, and for each buffer with a source what ``step`` fills it from: source, panels,
            bias, buffer, depth, width.
        """
        batch, hidden = like.shape
        states = (like,) * len(self.step.following)
        inputs = Inputs((), (), tuple(parameters), states, states, None, None, 1)
        fields = self._shared_fields(inputs, states, batch, hidden)
        if batch * hidden * hidden < _STEP_WORTH_A_TEAM:
            fields["threads"], fields["by_units"] = 1, 0
        affines = []
        for index, source in enumerate(self.layout.sources):
            bias = self.interleaved(index, weights.b, 1)
            buffer = like.new_empty(batch, len(bias))
            fields[f"buffer{index}"], fields[f"buffer{index}_steps"] = buffer.data_ptr(), 1
            held += [bias, buffer]
            if source is None:
                fields[f"bias{index}"] = bias.data_ptr()
                continue
            depth = next(W.shape[1] for slot in self.layout.slots(index) if (W := weights.W[slot]) is not None)
            panels = self.packed_inputs(index, weights.W, depth)
            held.append(panels)
            affines.append((source, panels.data_ptr(), bias.data_ptr(), buffer.data_ptr(), depth, len(bias)))
        for z, zone in enumerate(self.layout.zones):
            if zone.operand is not None:
                held.append(self.packed_forward(zone, weights.U))
                fields[f"weights{z}"] = held[-1].data_ptr()
        for node in self._expressions:
            held.append(like.new_empty(batch, hidden))
            fields[f"operand{node}"], fields[f"operand{node}_steps"] = held[-1].data_ptr(), 1
        held += self._parameters(inputs, fields, self.padded)
        held += self._workspaces(fields, 0, like.new_empty, batch, self.padded)
        return fields, affines

    def backward(
        self,
        inputs: Inputs,
        weights: Weights,
        trace: Trace,
        given: Sequence[Tensor | None],
        last: Sequence[Tensor | None],
        *,
        overwrite: bool,
        want_sources: Sequence[bool],
    ) -> Gradients:
        """Run all steps backwards.

        Args:
            inputs: what ``forward`` was given.
            weights: the same.
            trace: what it returned, with ``keep``.
            given: (time, batch, hidden) for each state, the gradient of its values at all steps, or None.
            last: (batch, hidden) for each state, the gradient of its value after a row's last step, or None.
            overwrite: whether the trace's buffers may be used up.
            want_sources: for each source whether its gradient is wanted.
        """
        batch, hidden = inputs.start[0].shape
        time, padded = inputs.time, self.padded
        new = inputs.start[0].new_empty
        fields = self._shared_fields(inputs, trace.states, batch, hidden)
        held: list[Tensor] = []
        slopes = tuple(buffer if overwrite else torch.empty_like(buffer) for buffer in trace.buffers)
        for index, (buffer, slope) in enumerate(zip(trace.buffers, slopes, strict=True)):
            fields[f"buffer{index}"], fields[f"slope{index}"] = buffer.data_ptr(), slope.data_ptr()
        for z, zone in enumerate(self.layout.zones):
            if zone.operand is not None:
                packed = self.packed_backward(zone, weights.U)
                fields[f"weights{z}"] = packed.data_ptr()
                held.append(packed)
        carries, resets = [], []
        for k in range(len(inputs.start)):
            carry = inputs.start[0].new_zeros(2, batch, padded)
            ending = last[k]
            if ending is not None:
                carry[time % 2, :, :hidden] = ending
            gradient = given[k]
            if gradient is not None:
                gradient = gradient.contiguous()
                held.append(gradient)
            fields[f"given{k}"] = 0 if gradient is None else gradient.data_ptr()
            fields[f"carry{k}"] = carry.data_ptr()
            carries.append(carry)
            if inputs.resets is not None:
                resets.append(inputs.start[0].new_zeros(batch, padded))
                fields[f"initial_gradient{k}"] = resets[-1].data_ptr()
        for node in self._expressions:
            returned = new(batch, padded)
            held.append(returned)
            fields[f"returned{self.kernel.reverse.operands[node]}"] = returned.data_ptr()
        held += self._parameters(inputs, fields, padded)
        held += self._workspaces(fields, 1, new, batch, padded)
        sequences = tuple(torch.empty_like(sequence) for sequence in inputs.sequences)
        for k, sequence in enumerate(sequences):
            fields[f"sequence_gradient{k}"] = sequence.data_ptr()
        sums = [inputs.start[0].new_zeros(fields["threads"], padded) for _ in range(self.step.parameters)]
        for k, total in enumerate(sums):
            fields[f"parameter_gradient{k}"] = total.data_ptr()
        self._call(self.library.backward, self.kernel.backward, fields)
        del held
        W, b, sources = self._input_gradients(inputs, weights, slopes, want_sources)
        return Gradients(
            sources,
            sequences,
            tuple(total.sum(0)[:hidden] for total in sums),
            tuple(carry[0, :, :hidden].contiguous() for carry in carries),
            tuple(reset[:, :hidden].contiguous() for reset in resets) or (None,) * len(inputs.start),
            W,
            self._recurrent_gradients(inputs, weights, trace, slopes),
            b,
        )

    def _input_gradients(
        self, inputs: Inputs, weights: Weights, slopes: Sequence[Tensor], want: Sequence[bool]
    ) -> tuple[tuple[Tensor | None, ...], tuple[Tensor | None, ...], tuple[Tensor | None, ...]]:
        """The gradients of all W, all b and the sources: one large product each."""
        W: list[Tensor | None] = [None] * len(self.step.slots)
        b: list[Tensor | None] = [None] * len(self.step.slots)
        sources: list[Tensor | None] = [None] * self.step.sources
        for index, source in enumerate(self.layout.sources):
            slope = slopes[index].flatten(0, 1)
            if any(weights.b[slot] is not None for slot in self.layout.slots(index)):
                self.separated(index, slope.new_ones(1, len(slope)).mm(slope).view(-1, 1), weights.b, b, 1)
            if source is None:
                continue
            x = inputs.sources[source].reshape(len(slope), -1)
            self.separated(index, _weight_gradient(slope, x), weights.W, W, x.shape[1])
            if want[source]:
                joined = self.interleaved(index, weights.W, x.shape[1])
                gradient = slope.mm(joined).view(inputs.sources[source].shape)
                known = sources[source]
                sources[source] = gradient if known is None else known + gradient
        return tuple(W), tuple(b), tuple(sources)

    def _recurrent_gradients(
        self, inputs: Inputs, weights: Weights, trace: Trace, slopes: Sequence[Tensor]
    ) -> tuple[Tensor | None, ...]:
        """The gradients of all dense U: for each product, one large product over batch and time."""
        U: list[Tensor | None] = [None] * len(self.step.slots)
        hidden = inputs.start[0].shape[1]
        padded = self.padded
        for zone in self.layout.zones:
            if zone.operand is None:
                continue
            slope = slopes[zone.buffer].narrow(2, zone.offset * padded, len(zone.slots) * padded)
            node = self.step.graph.nodes[zone.operand]
            if node.op != "state":
                operand = trace.operands[self._expressions.index(zone.operand)]
                joined = _weight_gradient(slope.flatten(0, 1), operand.flatten(0, 1))
            else:
                joined = self._state_product(inputs, trace, slope, int(node.value))
            self._separate(joined, [weights.U[slot] for slot in zone.slots], zone.slots, U, hidden)
        return tuple(U)

    def _state_product(self, inputs: Inputs, trace: Trace, slope: Tensor, k: int) -> Tensor:
        """Slopes times the state before each step: the start, then what the steps left, save after resets."""
        states, start = trace.states[k], inputs.start[k]
        if inputs.resets is not None:
            before = torch.cat([start[None], states[:-1]])
            before = torch.where(inputs.resets[:, :, None], inputs.initial[k], before)
            return _weight_gradient(slope.flatten(0, 1), before.flatten(0, 1))
        if inputs.time == 1:
            return _weight_gradient(slope[0], start)
        joined = _weight_gradient(slope[1:].flatten(0, 1), states[:-1].flatten(0, 1))
        if joined.is_contiguous():
            return joined.addmm_(slope[0].t(), start)
        joined.t().addmm_(start.t(), slope[0])
        return joined

    def interleaved(self, buffer: int, parameters: Sequence[Tensor | None], width: int) -> Tensor:
        """The W or b of a buffer's slots as (slots * padded, width), in the buffer's order."""
        hidden, padded = self.hidden, self.padded
        joined = torch.empty(len(self.layout.slots(buffer)) * padded, width, dtype=self.dtype)
        for zone in (zone for zone in self.layout.zones if zone.buffer == buffer):
            pointers = _addresses([parameters[slot] for slot in zone.slots])
            at = joined.data_ptr() + zone.offset * padded * width * joined.element_size()
            self.library.interleave(at, pointers, len(zone.slots), hidden, width, threads_for(joined))
        return joined

    def separated(
        self, buffer: int, joined: Tensor, like: Sequence[Tensor | None], result: list[Tensor | None], width: int
    ) -> None:
        """Put the gradient of ``interleaved`` into ``result``, one entry a slot."""
        for zone in (zone for zone in self.layout.zones if zone.buffer == buffer):
            rows = joined.narrow(0, zone.offset * self.padded, len(zone.slots) * self.padded)
            self._separate(rows, [like[slot] for slot in zone.slots], zone.slots, result, width)

    def _separate(
        self,
        joined: Tensor,
        like: Sequence[Tensor | None],
        slots: Sequence[int],
        result: list[Tensor | None],
        width: int,
    ) -> None:
        parts = [None if p is None else torch.empty_like(p, memory_format=torch.contiguous_format) for p in like]
        sizes, threads = (len(slots), self.hidden, width), threads_for(joined)
        if joined.stride(1) == 1:
            self.library.separate(_addresses(parts), joined.data_ptr(), *sizes, threads)
        else:
            pitch = joined.stride(1)
            self.library.separate_transposed(_addresses(parts), joined.data_ptr(), *sizes, pitch, threads)
        for slot, part in zip(slots, parts, strict=True):
            result[slot] = part

    def packed_forward(self, zone: Zone, U: Sequence[Tensor | None]) -> Tensor:
        """The panels that the forward loop multiplies with."""
        gates = [U[slot] for slot in zone.slots]
        hidden = self.hidden
        packed = torch.empty(len(gates) * self.padded * hidden, dtype=self.dtype)
        width = panel_width(len(gates))
        sizes = (len(gates), hidden, hidden, width)
        self.library.pack_forward(packed.data_ptr(), _addresses(gates), *sizes, threads_for(packed))
        return packed

    def packed_inputs(self, buffer: int, W: Sequence[Tensor | None], width: int) -> Tensor:
        """The panels of a buffer's input weights, for single steps."""
        joined = self.interleaved(buffer, W, width)
        packed = torch.empty_like(joined)
        self.library.pack_forward(packed.data_ptr(), _addresses([joined]), 1, len(joined), width, 4, 1)
        return packed

    def packed_backward(self, zone: Zone, U: Sequence[Tensor | None]) -> Tensor:
        """The panels that the reverse loop multiplies with."""
        gates = [U[slot] for slot in zone.slots]
        hidden = self.hidden
        packed = torch.empty(len(gates) * self.padded * self.padded, dtype=self.dtype)
        sizes = (len(gates), hidden, hidden, 4)
        self.library.pack_backward(packed.data_ptr(), _addresses(gates), *sizes, threads_for(packed))
        return packed

    def _shared_fields(self, inputs: Inputs, states: Sequence[Tensor], batch: int, hidden: int) -> dict[str, int]:
        threads, by_units = self.split(batch, hidden)
        fields = {
            "T": inputs.time,
            "B": batch,
            "H": hidden,
            "padded": self.padded,
            "threads": threads,
            "by_units": int(by_units),
            "lengths": 0 if inputs.lengths is None else inputs.lengths.data_ptr(),
            "resets": 0 if inputs.resets is None else inputs.resets.data_ptr(),
        }
        for k, (start, initial, state) in enumerate(zip(inputs.start, inputs.initial, states, strict=True)):
            fields[f"start{k}"], fields[f"initial{k}"] = start.data_ptr(), initial.data_ptr()
            fields[f"state{k}"], fields[f"state{k}_steps"] = state.data_ptr(), len(state)
        for k, sequence in enumerate(inputs.sequences):
            fields[f"sequence{k}"] = sequence.data_ptr()
        return fields

    def _parameters(self, inputs: Inputs, fields: dict[str, int], padded: int) -> list[Tensor]:
        held = []
        for k, parameter in enumerate(inputs.parameters):
            whole = torch.nn.functional.pad(parameter, (0, padded - len(parameter)))
            fields[f"parameter{k}"] = whole.data_ptr()
            held.append(whole)
        if inputs.resets is not None:
            for k, start in enumerate(inputs.start):
                scratch = start.new_empty(2, *start.shape)
                fields[f"before{k}"] = scratch.data_ptr()
                held.append(scratch)
        return held

    def _workspaces(self, fields: dict[str, int], direction: int, new, batch: int, padded: int) -> list[Tensor]:  # type: ignore[no-untyped-def]
        held = []
        for node in self.kernel.spilled[direction]:
            held.append(new(batch, padded))
            fields[f"spill{node}"] = held[-1].data_ptr()
        for node in self.kernel.sums[direction]:
            held.append(new(batch))
            fields[f"sum{node}"] = held[-1].data_ptr()
        return held

    def _call(self, function, names: Sequence[str], fields: dict[str, int]) -> None:  # type: ignore[no-untyped-def]
        arguments = (ctypes.c_int64 * len(names))(*(fields.get(name, 0) for name in names))
        function(ctypes.addressof(arguments))

    def split(self, batch: int, hidden: int) -> tuple[int, bool]:
        """How many threads, and whether they share the units of all rows instead of rows with all units."""
        threads = available_threads()
        slots = sum(len(zone.slots) for zone in self.layout.zones if zone.operand is not None)
        work = batch * hidden * (hidden * slots + 16)
        grains = -(-hidden // (4 * self.lanes))
        if threads == 1 or work < _WORTH_A_TEAM:
            return 1, False
        sums = self.kernel.sums[0] or self.kernel.sums[1]
        weights = slots * hidden * hidden * torch.finfo(self.dtype).bits // 8
        by_units = not sums and grains >= 2 and (batch < 2 * threads or weights > _L2_BYTES)
        return (min(threads, grains), True) if by_units else (min(threads, batch), False)


def available_threads() -> int:
    """What torch would use; one in a forked child, because the OpenMP team does not survive a fork."""
    return 1 if _single_threaded else torch.get_num_threads()


def threads_for(moved: Tensor) -> int:
    """The threads worth setting to work to move so many weights."""
    return available_threads() if moved.numel() > _WORTH_A_TEAM else 1


_MANY_ROWS = 1500


def _weight_gradient(slope: Tensor, x: Tensor) -> Tensor:
    """``slope.T @ x``; over many rows as the transpose of ``x.T @ slope``, which MKL computes a fifth faster."""
    return x.t().mm(slope).t() if len(slope) >= _MANY_ROWS else slope.t().mm(x)


def _addresses(tensors: Sequence[Tensor | None]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(tensors))(*(None if t is None else t.data_ptr() for t in tensors))
