"""The C of the loop over the steps."""

from __future__ import annotations

from gatework.engine.derive import Reverse
from gatework.engine.emit_loop import Loop
from gatework.engine.graph import StepGraph
from gatework.engine.layout import Layout
from gatework.engine.schedule import Store, schedule


class Forward(Loop):
    """From the states before a step to those after it."""

    name = "forward"
    header = "int64_t t = 0; t < a->T; t++"

    def __init__(self, step: StepGraph, reverse: Reverse, places: Layout) -> None:
        super().__init__(step, places)
        self.graph = step.graph
        stores = [Store("operand", node, node, step.depth(node)) for node in step.expressions]
        stores += [
            Store("slot", index, node, step.slots[index].width)
            for index, node in enumerate(reverse.kept)
            if self.graph.nodes[node].op != "slot"
        ]
        stores += [Store("after", index, node, step.state_sizes[index]) for index, node in enumerate(step.following)]
        self.schedule = schedule(self.graph, stores, self._ready)

    def _ready(self, leaf: int, ready: dict[int, int]) -> int:
        node = self.graph.nodes[leaf]
        operand = self.step.slots[int(node.value)].operand if node.op == "slot" else None
        return 0 if operand is None else self._product_stage(operand, ready)

    def _product_stage(self, operand: int, ready: dict[int, int]) -> int:
        """The first stage that can read what a product adds to."""
        return 0 if self.graph.nodes[operand].op == "state" else ready[operand] + 1

    def own_fields(self) -> list[str]:
        """Buffers that are filled as the loop goes may be shorter than the run."""
        fields = ["keep"]
        for index, source in enumerate(self.places.sources):
            fields += [f"buffer{index}", f"buffer{index}_steps"] + ([f"bias{index}"] if source is None else [])
        for node in self.step.expressions:
            fields += [f"operand{node}", f"operand{node}_steps"]
        return fields

    def _start(self, array: str) -> str:
        """The row at which the step begins in an array that may be shorter than the run."""
        return f"start_of(a->offsets, t, a->{array}_steps, B)"

    def _buffer(self, index: int) -> str:
        width = self.columns(self.places.buffer(index))
        return f"(a->buffer{index} + {self._start(f'buffer{index}')} * {width})"

    def address(self, target: str, index: int) -> str:
        """Where the vector at row b, unit j of an array of the step lies."""
        if target == "slot":
            return self.slot_address(index, self._buffer(self.places.place(index)[0].buffer))
        if target == "operand":
            return f"a->operand{index} + ({self._start(f'operand{index}')} + b) * H + j"
        if target == "after":
            return f"a->state{index} + ({self._start(f'state{index}')} + b) * H + j"
        return super().address(target, index)

    def opening(self) -> list[str]:
        """Start the buffers without input at their biases."""
        lines = []
        for index, source in enumerate(self.places.sources):
            for zone in self.places.buffer(index) if source is None else ():
                share, gates = f"share{self.size(zone.width)}", len(zone.slots)
                first = f"{self.columns(self.places.before(zone))} + {share}.first_unit * {gates}"
                lines += [
                    self.each_row(),
                    f"        memcpy({self._buffer(index)} + b * {self.columns(self.places.buffer(index))} + {first}, "
                    f"a->bias{index} + {first}, "
                    f"(size_t)(({share}.last_unit - {share}.first_unit) * {gates}) * sizeof(REAL));",
                ]
        return lines

    def products(self, stage: int) -> list[str]:
        """The products with what the stage before has finished; in the first, with the states."""
        ready = self.schedule.ready
        operands = [node for node in self.step.operands if self._product_stage(node, ready) == stage]
        return [line for operand in operands for line in self._product(operand)]

    def _product(self, operand: int) -> list[str]:
        node, lines = self.graph.nodes[operand], []
        depth = f"a->H{self.size(self.step.depth(operand))}"
        array = f"before{int(node.value)}"
        if node.op != "state":
            array = f"(a->operand{operand} + {self._start(f'operand{operand}')} * {depth})"
        for z, zone in self.zones(operand):
            c, gates = self.size(zone.width), len(zone.slots)
            columns = self.columns(self.places.buffer(zone.buffer))
            heads = f"&(const Heads){{a->heads{z}, a->H{c}, {gates}, {depth}, 0}}" if zone.heads > 1 else "NULL"
            lines.append(
                f"    product((Tile){{{array} + share{c}.first_row * {depth}, share{c}.row_step * {depth}, "
                f"a->weights{z}, {self._buffer(zone.buffer)} + share{c}.first_row * {columns} + "
                f"{self.columns(self.places.before(zone))}, share{c}.row_step * {columns}, {depth}, "
                f".downwards = t % 2}}, rows_of(&share{c}), share{c}.first_unit / LANES * {gates}, "
                f"share{c}.last_unit / LANES * {gates}, a->padded{c} / LANES * {gates}, {heads});"
            )
        return lines

    def closing(self) -> list[str]:
        """Nothing: the stages have written the states."""
        return []
