"""The C of the loop over the steps in reverse."""

from __future__ import annotations

from gatework.engine.derive import Reverse
from gatework.engine.emit_loop import Loop
from gatework.engine.graph import StepGraph
from gatework.engine.layout import Layout
from gatework.engine.schedule import Store, schedule


class Backward(Loop):
    """From the gradients of the states after a step to those of everything that entered it."""

    name = "backward"
    header = "int64_t t = a->T - 1; t >= 0; t--"

    def __init__(self, step: StepGraph, reverse: Reverse, places: Layout) -> None:
        super().__init__(step, places)
        self.reverse = reverse
        self.graph = reverse.graph
        self.returned = {reverse.operands[node]: node for node in step.expressions}
        widths = {
            "slope": [slot.width for slot in step.slots],
            "carry": step.state_sizes,
            "sequence_gradient": step.sequences,
            "parameter_gradient": step.parameters,
        }
        roots = (reverse.slots, reverse.states, reverse.sequences, reverse.parameters)
        stores = [
            Store(target, index, node, width)
            for (target, sizes), nodes in zip(widths.items(), roots, strict=True)
            for index, (node, width) in enumerate(zip(nodes, sizes, strict=True))
        ]
        self.schedule = schedule(self.graph, stores, self._ready, self._overwritten)

    def _overwritten(self, store: Store) -> int | None:
        return self.graph.leaf("slot", store.index, store.width) if store.target == "slope" else None

    def _ready(self, leaf: int, ready: dict[int, int]) -> int:
        node = self.graph.nodes[leaf]
        return self._returned_stage(int(node.value), ready) if node.op == "returned" else 0

    def _returned_stage(self, node: int, ready: dict[int, int]) -> int:
        slopes = [self.reverse.slots[slot] for _, zone in self.zones(self.returned[node]) for slot in zone.slots]
        return 1 + max(ready.get(slope, 0) for slope in slopes)  # a gate nobody reads has slope 0, numbered last

    def own_fields(self) -> list[str]:
        """Slopes may stand in the place of the buffers they are computed from."""
        fields = []
        for k in range(self.states):
            fields += [f"given{k}", f"carry{k}", f"initial_gradient{k}"]
        for index in range(len(self.places.sources)):
            fields += [f"buffer{index}", f"slope{index}"]
        fields += [f"returned{node}" for node in self.returned]
        fields += [f"sequence_gradient{k}" for k in range(len(self.step.sequences))]
        return fields + [f"parameter_gradient{k}" for k in range(len(self.step.parameters))]

    def _array(self, name: str, buffer: int) -> str:
        return f"(a->{name}{buffer} + first * {self.columns(self.places.buffer(buffer))})"

    def address(self, target: str, index: int) -> str:
        """Where the vector at row b, unit j of an array of the step lies."""
        if target in ("slot", "slope"):
            array = "buffer" if target == "slot" else "slope"
            return self.slot_address(index, self._array(array, self.places.place(index)[0].buffer))
        if target == "carried":
            return f"a->carry{index} + ((t + 1) % 2 * B + b) * padded + j"
        if target == "carry":
            return f"a->carry{index} + (t % 2 * B + b) * padded + j"
        if target == "returned":
            return f"a->returned{index} + b * padded + j"
        if target == "sequence_gradient":
            return f"a->sequence_gradient{index} + (first + b) * H + j"
        if target == "parameter_gradient":
            return f"a->parameter_gradient{index} + share->thread * padded + j"
        return super().address(target, index)

    def coming(self, target: str, index: int) -> str | None:
        """Slots and states of the step before: no product brings them near."""
        if target == "slot":
            zones = self.places.buffer(self.places.place(index)[0].buffer)
            return f"{self.address(target, index)} - (first - earlier) * {self.columns(zones)}"
        return f"{self.address(target, index)} - (first - earlier) * H" if target == "state" else None

    def opening(self) -> list[str]:
        """Add the gradients given to the states at this step to those carried from the step after."""
        lines = []
        for k, width in enumerate(self.step.state_sizes):
            c = self.size(width)
            lines += [
                f"    if (a->given{k})",
                self.each_row(),
                f"        add_units(a->carry{k} + ((t + 1) % 2 * B + b) * a->padded{c}, "
                f"a->given{k} + (first + b) * a->H{c}, &share{c}, a->H{c});",
            ]
        return lines

    def products(self, stage: int) -> list[str]:
        """What products return to the expressions that the stage is the first to read the gradient of."""
        lines = []
        for node, operand in self.returned.items():
            if self._returned_stage(node, self.schedule.ready) == stage:
                lines += self._send(operand, f"a->returned{node}", fresh=True)
        return lines

    def _send(self, operand: int, target: str, *, fresh: bool) -> list[str]:
        """Add what an operand's slots send back to it; the first product of a fresh target writes it."""
        lines, d = [], self.size(self.step.depth(operand))
        for number, (z, zone) in enumerate(self.zones(operand)):
            c, gates = self.size(zone.width), len(zone.slots)
            columns = self.columns(self.places.buffer(zone.buffer))
            heads = f"&(const Heads){{a->heads{z}, a->H{d}, 1, a->H{c}, {gates}}}" if zone.heads > 1 else "NULL"
            lines.append(
                f"    product((Tile){{{self._array('slope', zone.buffer)} + share{d}.first_row * {columns} + "
                f"{self.columns(self.places.before(zone))}, share{d}.row_step * {columns}, a->weights{z}, "
                f"{target} + share{d}.first_row * a->padded{d}, share{d}.row_step * a->padded{d}, "
                f"{gates} * a->padded{c}, .fresh = {int(fresh and number == 0)}, .downwards = t % 2}}, "
                f"rows_of(&share{d}), share{d}.first_unit / LANES, share{d}.last_unit / LANES, "
                f"a->padded{d} / LANES, {heads});"
            )
        return lines

    def closing(self) -> list[str]:
        """What products return to the states; in rows that were reset, all of it is the initial state's."""
        lines = []
        for operand in self.step.operands:
            node = self.step.graph.nodes[operand]
            if node.op == "state":
                c = self.size(node.width)
                lines += self._send(operand, f"(a->carry{int(node.value)} + t % 2 * B * a->padded{c})", fresh=False)
        lines = self.meeting() + lines if lines else []
        lines += ["    if (a->resets && memchr(a->resets + first, 1, (size_t)alive))", self.each_row() + " {"]
        lines.append("        if (!a->resets[first + b]) continue;")
        for k, width in enumerate(self.step.state_sizes):
            c = self.size(width)
            lines.append(
                f"        move_units(a->initial_gradient{k} + b * a->padded{c}, "
                f"a->carry{k} + (t % 2 * B + b) * a->padded{c}, &share{c});"
            )
        return [*lines, "      }"]
