"""The scan engine: cells linear in the state, all steps at once but for a recurrence of a multiplication and a sum.

What the next state is made of is computed for all steps in PyTorch, where autograd sees it: products over all
steps are one large product. What remains is ``recurrence``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.cells import Cell
from gatework.engine.contract import Call, Noise, Result
from gatework.engine.fingerprint import Known
from gatework.engine.graph import Slot
from gatework.engine.interpret import OPERATIONS
from gatework.engine.linear import Group, Linear, NotLinearError, arguments, linear
from gatework.engine.noise import NoiseForm, form_of, noise_leaves
from gatework.engine.recurrence import recurrence
from gatework.engine.trace import Traced, UntraceableError, trace
from gatework.engine.transforms import needs_the_loop

name = "scan"


@dataclass(frozen=True)
class Scannable:
    """A traced cell, and the order in which its states are scanned."""

    traced: Traced
    linear: Linear


def refuses(call: Call) -> str | None:
    """Cells that are not linear in their states, mixed types, and what needs the loop."""
    types = {part.dtype for part in (*call.cell.parameters(), *call.state, call.x)}
    if len(types) > 1:
        return f"it computes in one type, not in {', '.join(sorted(map(str, types)))}"
    if (why := needs_the_loop(call)) is not None:
        return why
    try:
        scannable(call.cell, call.noise)
    except NotLinearError as error:
        return str(error)
    return None


def unprofitable(call: Call) -> str | None:
    """A few steps, which the loop takes as fast: measured up to seven, where no kernel can be built."""
    return f"{len(call.x)} steps are as fast one by one" if len(call.x) < _WORTH_A_SCAN else None


def outpaces_steps(call: Call) -> bool:
    """Whether it is faster than a kernel that steps: for one row whose step multiplies states by wide matrices.

    Measured on two cores at 4096 steps, one row: 1.3 to 1.7 times for 128 and 256 units; 1.0 for 64 units,
    and for two rows; slower for more rows and without such a product, because a kernel stores less on the way.
    """
    if len(call.x) < _WORTH_A_SCAN or call.x.shape[1] > 1 or call.cell.hidden_size < _WIDE:
        return False
    return refuses(call) is None and bool(scannable(call.cell, call.noise).traced.step.operands)


_WORTH_A_SCAN = 8  # steps
_WIDE = 128  # units


_known = Known()


def scannable(cell: Cell, noise: Noise | None = None) -> Scannable:
    """How a cell is scanned, found when first asked for, and again when the cell's options change.

    Raises:
        NotLinearError: it cannot be; the message names the operation and its line.
    """
    known, form = _known.of(cell), form_of(noise)
    if form not in known:
        known[form] = _found(cell, form)
    found: Scannable | str = known[form]
    if isinstance(found, str):
        raise NotLinearError(found)
    return found


def _found(cell: Cell, form: NoiseForm) -> Scannable | str:
    try:
        traced = trace(cell, form)
        return Scannable(traced, linear(traced.step, cell.states, traced.lines))
    except (UntraceableError, NotLinearError) as error:
        return str(error)


def run(call: Call) -> Result:
    """Run the call, one group of states after another."""
    found = scannable(call.cell, call.noise)
    steps = _Steps(call, found)
    for group in found.linear.groups:
        steps.scan(group)
    return steps.result()


class _Steps:
    """The values of all steps: (time, batch, width), one number a row, (1, batch, width), (width,) or one number."""

    def __init__(self, call: Call, found: Scannable) -> None:
        self.call = call
        self.step = found.traced.step
        self.graph = found.linear.graph
        self.time, self.batch, _ = call.x.shape
        rows = call.clean_x.flatten(0, 1)
        sources, sequences, self.parameters = found.traced.hoisted.values(call.cell, rows)
        self.sources, self.sequences = ([self._over_time(part) for part in parts] for parts in (sources, sequences))
        self.resets = None if call.resets is None else call.resets[:, :, None]
        self.alive = None
        if call.lengths is not None:
            self.alive = (torch.arange(self.time)[:, None] < call.lengths)[:, :, None].to(call.x.device)
        self.held, self.drawn = noise_leaves(call.noise, call.state[0], self.step.state_sizes)
        self.values: dict[int, Tensor] = {}  # of the nodes
        self.states: dict[int, Tensor] = {}  # after each step

    def _over_time(self, rows: Tensor) -> Tensor:
        return rows.unflatten(0, (self.time, self.batch))

    def scan(self, group: Group) -> None:
        """Find the values of a group's states."""
        shape = (self.time, self.batch, self.step.state_sizes[group.states[0]])
        rest = [self.value(node).expand(shape) for node in group.rest]
        if group.recurs:
            rest = self._recurred(group, rest)
        for state, values in zip(group.states, rest, strict=True):
            self.states[state] = self.values[self.step.following[state]] = values

    def _recurred(self, group: Group, rest: list[Tensor]) -> list[Tensor]:
        one_step = rest[0].shape[1:]
        A = [[self._coefficient(node, one_step) for node in row] for row in group.coefficients]
        start = [self.call.state[state] for state in group.states]
        if self.resets is not None:  # A * initial becomes part of what is added
            initial = [self.call.initial[state] for state in group.states]
            begun = [sum(a * first for a, first in zip(row, initial, strict=True)) for row in A]
            rest = [torch.where(self.resets, b + more, b) for b, more in zip(rest, begun, strict=True)]
            A = [[torch.where(self.resets, 0, a) for a in row] for row in A]
        if self.alive is not None:  # past its length a row keeps its state
            rest = [torch.where(self.alive, b, 0) for b in rest]
            A = [[torch.where(self.alive, a, int(i == j)) for j, a in enumerate(row)] for i, row in enumerate(A)]
        return list(recurrence(A, rest, start))

    def _coefficient(self, node: int | None, one_step: torch.Size) -> Tensor:
        """One for each step, or one for all where it depends on no input."""
        if node is None:
            return self.call.x.new_zeros(1, *one_step)
        value = self.value(node)
        return value.expand(len(value) if value.ndim == 3 else 1, *one_step)

    def value(self, root: int) -> Tensor:
        """The values of a node."""
        needed, waiting = set(), [root]
        while waiting:
            index = waiting.pop()
            if index not in self.values and index not in needed:
                needed.add(index)
                waiting += arguments(self.step, self.graph, index)
        for index in sorted(needed):
            self.values[index] = self._computed(index)
        return self.values[root]

    def _computed(self, index: int) -> Tensor:
        node = self.graph.nodes[index]
        number = int(node.value) if node.op != "constant" else 0
        match node.op:
            case "state":
                return self._before(number)
            case "slot":
                return self._slot(number)
            case "sequence":
                return self.sequences[number]
            case "parameter":
                return self.parameters[number]
            case "held":
                return self.held[number][None]
            case "drawn":
                return self.drawn[number]
            case "constant":
                return torch.tensor(node.value, dtype=self.call.x.dtype)
        return OPERATIONS[node.op](*(self.values[arg] for arg in node.args))

    def _before(self, state: int) -> Tensor:
        """A state before each step."""
        before = torch.cat([self.call.state[state][None], self.states[state][:-1]])
        return before if self.resets is None else torch.where(self.resets, self.call.initial[state], before)

    def _slot(self, number: int) -> Tensor:
        slot = self.step.slots[number]
        gate: Any = self.call.cell.get_submodule(slot.gate)
        bias = gate.b if slot.bias else None
        if slot.source is None:
            product = self._product(slot, gate)
            return product if bias is None else product + bias
        projected = F.linear(self.sources[slot.source], gate.W, bias)
        return projected if slot.operand is None else projected + self._product(slot, gate)

    def _product(self, slot: Slot, gate: Any) -> Tensor:
        operand = self.values[slot.operand].expand(self.time, self.batch, slot.depth)  # type: ignore[index]
        if slot.heads == 1:
            return F.linear(operand, gate.W if slot.weights == "W" else gate.recurrent_weights())
        return torch.einsum("tbhi,hoi->tbho", operand.unflatten(2, (slot.heads, -1)), gate.U).flatten(2)

    def result(self) -> Result:
        """What the call asked for."""
        ordered = [self.states[state] for state in range(len(self.states))]
        shown = ordered if self.call.every_state else ordered[:1]
        if self.alive is not None:
            shown = [torch.where(self.alive, part, 0) for part in shown]
        kind = self.call.cell.State
        last = kind(*map(self._last, ordered, self.call.state))
        return Result(shown[0], last, kind(*shown) if self.call.every_state else None)

    def _last(self, states: Tensor, start: Tensor) -> Tensor:
        """A state after each row's last step."""
        lengths = self.call.lengths
        if lengths is None:
            return states[-1].clone()
        lengths = lengths.to(states.device)
        ended = states[(lengths - 1).clamp(min=0), torch.arange(self.batch, device=states.device)]
        return torch.where(lengths[:, None] > 0, ended, start)
