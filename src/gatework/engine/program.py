"""A built kernel with the memory it works in: from tensors to arguments, both directions."""

from __future__ import annotations

import ctypes
import itertools
from array import array
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from gatework.engine.build import build
from gatework.engine.dense import Dense, Factor
from gatework.engine.emit_c import Entry, common, emit
from gatework.engine.graph import StepGraph
from gatework.engine.layout import Zone
from gatework.engine.packing import Packing
from gatework.engine.tensors import Gradients, Inputs, Trace, Weights
from gatework.engine.threads import WORTH_A_TEAM, available_threads, threads_for
from gatework.engine.workspace import take

_L2_BYTES = 1_500_000  # weights that fit beside everything else in the cache of one core
_STEP_WORTH_A_TEAM = 30_000  # multiplications of a single step, below which meeting costs more than it spares


class Program:
    """The kernel of one step graph in one type.

    Args:
        step: what the cell computes.
        dtype: torch.float32 or torch.float64.

    Raises:
        EngineError: it cannot be built.
    """

    def __init__(self, step: StepGraph, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.kernel = emit(step, torch.finfo(dtype).bits)
        self.step = step
        self.layout = self.kernel.layout
        self.library = build(self.kernel.source, common(torch.finfo(dtype).bits))
        functions = (self.library.forward, self.library.backward, self.library.step, self.library.states_before)
        for function in functions:
            function.argtypes, function.restype = [ctypes.c_void_p], None
        self.packing = Packing(self.library, self.layout, dtype)
        self.dense = Dense(self.library, self.packing)
        zones = [zone for _, zone in self.layout.products]

        self.multiplications = sum(len(z.slots) * z.width * z.depth // z.heads for z in zones)

    def forward(
        self,
        inputs: Inputs,
        weights: Weights,
        *,
        keep: bool,
        every: Sequence[int],
        into: Sequence[Tensor] = (),
    ) -> Trace:
        """Run all steps.

        Args:
            inputs: what to run on.
            weights: the gates' parameters.
            keep: whether a gradient will be asked for.
            every: the states that are wanted at every step; all if ``keep`` or if rows are ragged.
            into: (rows, width) each, where those are to be written; new memory if empty.
        """
        batch, rows = len(inputs.start[0]), inputs.rows
        whole = keep or inputs.ragged is not None
        few = rows if whole else min(rows, 2 * batch)
        states = self._new_states(rows, few, every, into)
        operands = tuple(take((few, self.step.depth(node)), self.dtype) for node in self.step.expressions)
        fields = self._shared_fields(inputs, states, batch)
        held: list[Tensor] = []
        buffers = []
        for index, source in enumerate(self.layout.sources):
            bias = self.packing.bias(index, weights)
            if source is None:
                buffer = take((rows if whole else batch, len(bias)), self.dtype)
                fields[f"bias{index}"] = bias.data_ptr()
                held.append(bias)
            else:
                buffer = take((rows, len(bias)), self.dtype)
                self.dense.inputs(index, inputs.sources[source], weights, bias, buffer)
            fields[f"buffer{index}"], fields[f"buffer{index}_steps"] = buffer.data_ptr(), len(buffer) // batch
            buffers.append(buffer)
        for node, operand in zip(self.step.expressions, operands, strict=True):
            fields[f"operand{node}"], fields[f"operand{node}_steps"] = operand.data_ptr(), len(operand) // batch
        fields["keep"] = int(keep)
        held += self._panels(self.packing.forward_panels, weights, fields)
        held += self._own_memory(inputs, fields, self.kernel.forward)
        self._call(self.library.forward, self.kernel.forward, fields)
        return Trace(tuple(buffers), states, operands)

    def _new_states(self, rows: int, few: int, every: Sequence[int], into: Sequence[Tensor]) -> tuple[Tensor, ...]:
        wanted = dict(itertools.zip_longest(every, into))
        found = []
        for k, size in enumerate(self.step.state_sizes):
            place = wanted.get(k)
            found.append(take((rows if k in wanted else few, size), self.dtype) if place is None else place)
        return tuple(found)

    def kept(self, rows: int) -> list[tuple[int, int]]:
        """The shapes of the buffers and of the operands of a trace with ``keep``."""
        zones = map(self.layout.buffer, range(len(self.layout.sources)))
        columns = [sum(len(zone.slots) * self.packing.padded(zone.width) for zone in buffer) for buffer in zones]
        return [(rows, size) for size in (*columns, *map(self.step.depth, self.step.expressions))]

    def step_fields(
        self, batch: int, weights: Weights, parameters: Sequence[Tensor], held: list[Tensor]
    ) -> tuple[dict[str, int], list[tuple[int, int, int, int, int, int]]]:
        """The arguments of a forward loop of one step, all but the addresses of its states.

        Args:
            batch: number of rows.
            weights: the gates' parameters, packed here.
            parameters: (width,) each.
            held: takes the tensors that must live as long as the arguments are used.

        Returns:
            The fields, and for each buffer with a source what ``step`` fills it from: source, panels,
            bias, buffer, depth, width.
        """
        states = tuple(torch.empty(batch, size, dtype=self.dtype) for size in self.step.state_sizes)
        inputs = Inputs((), (), tuple(parameters), states, states, None, None, 1)
        fields = self._shared_fields(inputs, states, batch)
        new = states[0].new_empty
        if batch * self.multiplications < _STEP_WORTH_A_TEAM * max(1, len(self.step.slots)):
            fields["threads"], fields["by_units"] = 1, 0
        affines = []
        for index, source in enumerate(self.layout.sources):
            bias = self.packing.interleaved(index, weights.b, 1)
            buffer = new(batch, len(bias))
            fields[f"buffer{index}"], fields[f"buffer{index}_steps"] = buffer.data_ptr(), 1
            held += [bias, buffer]
            if source is None:
                fields[f"bias{index}"] = bias.data_ptr()
            else:
                depth = next(W.shape[1] for W in (weights.W[s] for s in self._slots(index)) if W is not None)
                panels = self.packing.packed_inputs(index, weights.W, depth)
                held.append(panels)
                affines.append((source, panels.data_ptr(), bias.data_ptr(), buffer.data_ptr(), depth, len(bias)))
        for node in self.step.expressions:
            held.append(new(batch, self.step.depth(node)))
            fields[f"operand{node}"], fields[f"operand{node}_steps"] = held[-1].data_ptr(), 1
        held += self._panels(self.packing.forward_panels, weights, fields)
        held += self._own_memory(inputs, fields, self.kernel.forward)
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
            given: (rows, width) for each state, the gradient of its values at all steps, or None.
            last: (batch, width) for each state, the gradient of its value after a row's last step, or None.
            overwrite: whether the trace's buffers may be used up.
            want_sources: for each source whether its gradient is wanted.
        """
        batch, padded = len(inputs.start[0]), self.packing.padded
        new, zeros = inputs.start[0].new_empty, inputs.start[0].new_zeros
        fields = self._shared_fields(inputs, trace.states, batch)
        held: list[Tensor] = []
        slopes = tuple(buffer if overwrite else torch.empty_like(buffer) for buffer in trace.buffers)
        for index, (buffer, slope) in enumerate(zip(trace.buffers, slopes, strict=True)):
            fields[f"buffer{index}"], fields[f"slope{index}"] = buffer.data_ptr(), slope.data_ptr()
        held += self._panels(self.packing.backward_panels, weights, fields)
        carries, resets = [], []
        for k, size in enumerate(self.step.state_sizes):
            carry, ending, gradient = zeros(2, batch, padded(size)), last[k], given[k]
            if ending is not None:
                ends = inputs.time if inputs.ragged is None else inputs.ragged.lengths
                carry[ends % 2, torch.arange(batch), :size] = ending
            if gradient is not None:
                gradient = gradient.contiguous()
                held.append(gradient)
                fields[f"given{k}"] = gradient.data_ptr()
            fields[f"carry{k}"] = carry.data_ptr()
            carries.append(carry)
            if inputs.resets is not None:
                resets.append(zeros(batch, padded(size)))
                fields[f"initial_gradient{k}"] = resets[-1].data_ptr()
        for node in self.step.expressions:
            held.append(new(batch, padded(self.step.depth(node))))
            fields[f"returned{self.kernel.reverse.operands[node]}"] = held[-1].data_ptr()
        held += self._own_memory(inputs, fields, self.kernel.backward)
        sequences = tuple(torch.empty_like(sequence) for sequence in inputs.sequences)
        sums = [zeros(fields["threads"], padded(size)) for size in self.step.parameters]
        for name, tensors in (("sequence", sequences), ("parameter", sums)):
            fields |= {f"{name}_gradient{k}": tensor.data_ptr() for k, tensor in enumerate(tensors)}
        self._call(self.library.backward, self.kernel.backward, fields)
        del held
        W, U, b = self._weight_gradients(inputs, weights, trace, slopes)
        sizes = self.step.state_sizes
        return Gradients(
            self._source_gradients(inputs, weights, slopes, want_sources),
            sequences,
            tuple(total.sum(0)[:size] for total, size in zip(sums, self.step.parameters, strict=True)),
            tuple(carry[0, :, :size].contiguous() for carry, size in zip(carries, sizes, strict=True)),
            tuple(reset[:, :size].contiguous() for reset, size in zip(resets, sizes, strict=False))
            or (None,) * len(sizes),
            W,
            U,
            b,
        )

    def _source_gradients(
        self, inputs: Inputs, weights: Weights, slopes: Sequence[Tensor], want: Sequence[bool]
    ) -> tuple[Tensor | None, ...]:
        sources: list[Tensor | None] = [None] * self.step.sources
        for index, source in enumerate(self.layout.sources):
            if source is not None and want[source]:
                width = inputs.sources[source].shape[1]
                sources[source] = self.dense.sources(index, slopes[index], weights, width)
        return tuple(sources)

    def _weight_gradients(
        self, inputs: Inputs, weights: Weights, trace: Trace, slopes: Sequence[Tensor]
    ) -> tuple[tuple[Tensor | None, ...], ...]:
        """The gradients of all W, U and b: for each zone one product of its slopes with all that it multiplied."""
        parts: list[list[Tensor | None]] = [[None] * len(self.step.slots) for _ in range(3)]
        W, U, b = parts
        for zone in self.layout.zones:
            slope = self.packing.part(zone, slopes[zone.buffer], 1)
            source, factors, results = self.layout.sources[zone.buffer], [], [b]
            before = None if zone.operand is None else self._multiplied(zone.operand, inputs, trace)
            if source is not None:
                x = inputs.sources[source]
                cut = 0 if before is None else len(before[0])
                factors.append(Factor(weights.W, x.shape[1], x[:cut], x[cut:]))
                results.append(W)
            if before is not None and zone.heads == 1:
                factors.append(Factor(weights.U, zone.depth, *before))
                results.append(U)
            for result, found in zip(results, self.dense.weights(zone, slope, weights.b, factors), strict=True):
                for slot, part in zip(zone.slots, found, strict=True):
                    result[slot] = part
            if before is not None and zone.heads > 1:
                blocks = [self._head_gradient(zone, head, slope, torch.cat(before)) for head in range(zone.heads)]
                for slot, block in zip(zone.slots, torch.stack(blocks, 1), strict=True):
                    U[slot] = block
        return tuple(W), tuple(U), tuple(b)

    def _head_gradient(self, zone: Zone, head: int, slope: Tensor, before: Tensor) -> Tensor:
        depth = zone.depth // zone.heads
        columns = self.packing.head_columns(zone, head)
        return self.packing.separated_head(
            zone, head, slope.narrow(1, *columns).t().mm(before.narrow(1, head * depth, depth))
        )

    def _multiplied(self, operand: int, inputs: Inputs, trace: Trace) -> tuple[Tensor, Tensor]:
        """The rows that a product multiplied at all steps, in two pieces, (rows, depth) each."""
        node = self.step.graph.nodes[operand]
        if node.op != "state":
            rows = trace.operands[self.step.expressions.index(operand)]
            return rows[:0], rows
        k = int(node.value)
        states, start = trace.states[k], inputs.start[k]
        if inputs.resets is None and inputs.ragged is None:
            return start, states[: -len(start)]
        before = self._before(inputs, k, states)
        return before[:0], before

    def _before(self, inputs: Inputs, k: int, states: Tensor) -> Tensor:
        """A state before each step, in the form of the states after each."""
        before, fields = take(tuple(states.shape), self.dtype), self._rows_fields(inputs)
        tensors = (before, inputs.start[k], inputs.initial[k], states)
        sizes = (inputs.time, len(inputs.start[k]), states.shape[1], threads_for(states.numel()))
        addresses = [tensor.data_ptr() for tensor in tensors]
        arguments = array("q", [*addresses, fields["offsets"], fields["resets"], *sizes])
        self.library.states_before(arguments.buffer_info()[0])
        return before

    def _rows_fields(self, inputs: Inputs) -> dict[str, int]:
        return {
            "offsets": 0 if inputs.ragged is None else inputs.ragged.offsets.data_ptr(),
            "resets": 0 if inputs.resets is None else inputs.resets.data_ptr(),
        }

    def _slots(self, buffer: int) -> list[int]:
        return [slot for zone in self.layout.buffer(buffer) for slot in zone.slots]

    def _panels(
        self,
        panels: Callable[[Zone, Weights, Literal["W", "U"], int], Tensor],
        weights: Weights,
        fields: dict[str, int],
    ) -> list[Tensor]:
        found = []
        for z, zone in self.layout.products:
            found.append(panels(zone, weights, "U", zone.depth))
            fields[f"weights{z}"], fields[f"heads{z}"] = found[-1].data_ptr(), zone.heads
        return found

    def _shared_fields(self, inputs: Inputs, states: Sequence[Tensor], batch: int) -> dict[str, int]:
        threads, by_units = self.split(batch)
        fields = {
            "T": inputs.time,
            "B": batch,
            "threads": threads,
            "by_units": int(by_units),
            **self._rows_fields(inputs),
        }
        for c, width in enumerate(self.step.widths):
            fields[f"H{c}"], fields[f"padded{c}"] = width, self.packing.padded(width)
        for k, (start, initial, state) in enumerate(zip(inputs.start, inputs.initial, states, strict=True)):
            fields[f"start{k}"], fields[f"initial{k}"] = start.data_ptr(), initial.data_ptr()
            fields[f"state{k}"], fields[f"state{k}_steps"] = state.data_ptr(), len(state) // batch
        for name, tensors in (("sequence", inputs.sequences), ("held", inputs.held), ("drawn", inputs.drawn)):
            fields |= {f"{name}{k}": tensor.data_ptr() for k, tensor in enumerate(tensors)}
        return fields

    def _own_memory(self, inputs: Inputs, fields: dict[str, int], entry: Entry) -> list[Tensor]:
        """What the kernel needs besides: padded parameters, states after resets, what stages leave for others."""
        new, batch, memory = inputs.start[0].new_empty, len(inputs.start[0]), {}
        for k, parameter in enumerate(inputs.parameters):
            missing = self.packing.padded(len(parameter)) - len(parameter)
            memory[f"parameter{k}"] = torch.nn.functional.pad(parameter, (0, missing))
        if inputs.resets is not None:
            memory |= {f"before{k}": new(2, *start.shape) for k, start in enumerate(inputs.start)}
        memory |= {f"spill{node}": new(batch, self.packing.padded(width)) for node, width in entry.spilled.items()}
        memory |= {f"sum{node}": new(batch) for node in entry.sums}
        fields |= {name: tensor.data_ptr() for name, tensor in memory.items()}
        return list(memory.values())

    def _call(self, function: Callable[[int], Any], entry: Entry, fields: dict[str, int]) -> None:
        arguments = array("q", [fields.get(name, 0) for name in entry.fields])
        function(arguments.buffer_info()[0])

    def split(self, batch: int) -> tuple[int, bool]:
        """How many threads, and whether they share the units of all rows instead of rows with all units."""
        threads = available_threads()
        widest = max(self.step.widths)
        grains = -(-widest // (4 * self.packing.lanes))
        if threads == 1 or batch * (self.multiplications + 16 * widest) < WORTH_A_TEAM:
            return 1, False
        sums = self.kernel.forward.sums or self.kernel.backward.sums
        weights = self.multiplications * torch.finfo(self.dtype).bits // 8
        by_units = not sums and grains >= 2 and (batch < 2 * threads or weights > _L2_BYTES)
        return (min(threads, grains), True) if by_units else (min(threads, batch), False)
