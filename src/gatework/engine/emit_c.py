"""From a step graph and its reverse to C: one function over all steps for each direction.

The source is the runtime (``runtime/*.h``), two structures of arguments, a function for each stage, and
the two time loops. Python passes arguments as an array of 64-bit integers in the order of the structure's
fields, see ``Kernel``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gatework.engine.derive import Reverse, derive
from gatework.engine.graph import Graph, StepGraph
from gatework.engine.layout import Layout, Zone, layout, panel_width
from gatework.engine.schedule import Schedule, Stage, Store, schedule

_RUNTIME = ("vector.h", "product.h", "team.h", "pack.h")


@dataclass(frozen=True)
class Kernel:
    """Generated source and how to call it.

    Attributes:
        source: the C, complete.
        step: the step graph.
        reverse: its gradient.
        layout: where its slots lie.
        forward: the fields of the arguments of ``void forward(const int64_t *)``, each 64 bits: numbers and
            addresses.
        backward: the same for ``void backward(const int64_t *)``.
        spilled: (forward, backward) nodes that need an array (batch, padded).
        sums: (forward, backward) nodes that need an array (batch,).
    """

    source: str
    step: StepGraph
    reverse: Reverse
    layout: Layout
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    spilled: tuple[list[int], list[int]]
    sums: tuple[list[int], list[int]]


def emit(step: StepGraph, bits: int) -> Kernel:
    """Write the kernel of a step.

    Args:
        step: what the cell computes.
        bits: 32 for float, 64 for double.
    """
    reverse, places = derive(step), layout(step)
    forward = _Forward(step, reverse, places)
    backward = _Backward(step, reverse, places)
    source = "\n".join([f"#define REAL_BITS {bits}", runtime(), *_products(places), forward.text, _STEP, backward.text])
    return Kernel(
        source,
        step,
        reverse,
        places,
        tuple(forward.fields),
        tuple(backward.fields),
        (forward.schedule.spilled, backward.schedule.spilled),
        (forward.schedule.reductions, backward.schedule.reductions),
    )


@cache
def runtime() -> str:
    """The C that every kernel begins with, after the definition of REAL_BITS."""
    folder = Path(__file__).with_name("runtime")
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in _RUNTIME)


def _products(places: Layout) -> list[str]:
    widths = {panel_width(len(zone.slots)) for zone in places.zones if zone.operand is not None}
    return [f"DEFINE_PRODUCT({width}, product_{width})" for width in sorted({4} | widths)]


_STEP = """
/* Single steps: buffers of pre-activations are filled here, bias + x W with W packed in panels four vectors
 * wide, not by torch. Arguments: those of forward, the number of buffers, then for each x, panels, bias,
 * buffer, depth and width. */
static void step_share(const void *arguments, int64_t thread, int64_t threads, Barrier *barrier) {
  const int64_t *given = arguments, *forward_arguments = (const int64_t *)given[0], count = given[1];
  const int64_t rows = ((const Forward *)forward_arguments)->B;
  for (const int64_t *affine = given + 2; affine < given + 2 + 6 * count; affine += 6) {
    const REAL *bias = (const REAL *)affine[2];
    REAL *C = (REAL *)affine[3];
    const int64_t depth = affine[4], width = affine[5], vectors = width / LANES;
    const int64_t first = vectors / 4 * thread / threads * 4;
    const int64_t last = thread + 1 == threads ? vectors : vectors / 4 * (thread + 1) / threads * 4;
    for (int64_t b = 0; b < rows; b++)
      memcpy(C + b * width + first * LANES, bias + first * LANES, (size_t)((last - first) * LANES) * sizeof(REAL));
    product_4((Tile){(const REAL *)affine[0], depth, (const REAL *)affine[1], C, width, depth}, rows, first, last,
              vectors);
  }
  if (threads > 1) meet(barrier);
  forward_share(forward_arguments, thread, threads, barrier);
}
void step(const int64_t *arguments) {
  in_team(step_share, arguments, ((const Forward *)arguments[0])->threads);
}
"""


class _Direction:
    """What the two time loops have in common."""

    name: str
    fields: list[str]

    def __init__(self, step: StepGraph, reverse: Reverse, places: Layout) -> None:
        self.step = step
        self.reverse = reverse
        self.places = places
        self.states = range(len(step.following))
        self.expressions = [node for node in step.operands if step.graph.nodes[node].op != "state"]

    def zones(self, operand: int) -> list[tuple[int, Zone]]:
        return [(index, zone) for index, zone in enumerate(self.places.zones) if zone.operand == operand]

    def slot_address(self, slot: int, array: str) -> str:
        """Where the vector of a slot at row b, unit j lies."""
        zone, place = self.places.place(slot)
        width, gates = len(self.places.slots(zone.buffer)), len(zone.slots)
        return f"{array} + (b * {width} + {zone.offset}) * a->padded + j * {gates} + {place} * LANES"

    def structure(self) -> str:
        kinds = ["  int64_t " + name + ";" if name in _NUMBERS or name.endswith("_steps") else
                 f"  {_POINTERS.get(name, 'REAL')} *{name};" for name in self.fields]  # fmt: skip
        return "typedef struct {\n" + "\n".join(kinds) + f"\n}} {self.name.title()};\n"

    def before(self) -> list[str]:
        """Point at the states before step t; in rows that are reset, at the initial ones."""
        lines = []
        for k in self.states:
            lines += [
                f"    const REAL *before{k} = t ? a->state{k} + (t - 1) % a->state{k}_steps * B * H : a->start{k};"
            ]
        lines += [
            "    if (a->resets && memchr(a->resets + t * B, 1, (size_t)B)) {",
            "      for (int64_t b = share.first_row; b < share.last_row; b++) {",
            "        const int64_t n = (share.last_unit < H ? share.last_unit : H) - share.first_unit;",
            "        if (n <= 0) break;",
        ]
        for k in self.states:
            lines.append(
                f"        memcpy(a->before{k} + (t % 2 * B + b) * H + share.first_unit, "
                f"(a->resets[t * B + b] ? a->initial{k} : before{k}) + b * H + share.first_unit, n * sizeof(REAL));"
            )
        lines.append("      }")
        lines += [f"      before{k} = a->before{k} + t % 2 * B * H;" for k in self.states]
        return [*lines, "    }"]

    def stage(self, number: int, schedule: Schedule, graph: Graph, dead: list[str]) -> str:
        """The function of one stage: rows, then units, a vector at a time."""
        stage = schedule.stages[number]
        writer = _Block(self, graph, stage)
        befores = "".join(f", const REAL *before{k}" for k in self.states)
        passed = "".join(f", before{k}" for k in self.states)
        rows = "".join(f", r{index}" for index in stage.rows)
        totals = "".join(f", &s{index}" for index in stage.reductions)
        head = f"{self.name}_stage{number}"
        row_types = "".join(f", const {_type(graph, index)} r{index}" for index in stage.rows)
        total_types = "".join(f", vec *s{index}" for index in stage.reductions)
        lines = [
            f"INLINE void {head}_block(const {self.name.title()} *a, const Share *share, int64_t t, int64_t b, "
            f"int64_t j, int64_t n, const int whole{befores}{row_types}{total_types}) {{",
            "  const int64_t B = a->B, H = a->H;",
            "  (void)B, (void)H, (void)n, (void)t, (void)share;",
            *writer.block(),
            "}",
            f"static void {head}(const {self.name.title()} *a, const Share *share, int64_t t{befores}) {{",
            "  const int64_t B = a->B, H = a->H;",
            "  for (int64_t b = share->first_row; b < share->last_row; b++) {",
            "    if (a->lengths && t >= a->lengths[b]) {",
            "      for (int64_t j = share->first_unit; j < share->last_unit; j += LANES) {",
            "        const int64_t n = H - j < LANES ? H - j : LANES;",
            "        (void)n, (void)B;",
            *dead,
            "      }",
            *(f"      a->sum{index}[b] = 0;" for index in stage.reductions),
            "      continue;",
            "    }",
            *writer.rows(),
            *(f"    vec s{index} = splat({_neutral(graph, index)});" for index in stage.reductions),
            "    int64_t j = share->first_unit;",
            "    for (; j + LANES <= share->last_unit && j + LANES <= H; j += LANES)",
            f"      {head}_block(a, share, t, b, j, LANES, 1{passed}{rows}{totals});",
            "    if (j < share->last_unit)",
            f"      {head}_block(a, share, t, b, j, H - j, 0{passed}{rows}{totals});",
            *(f"    a->sum{i}[b] = {_lanes(graph, i)}(s{i});" for i in stage.reductions),
            "  }",
            "}",
        ]
        return "\n".join(lines)

    def coming(self, leaf: str, index: int) -> str | None:
        """Where the leaf's vector of the next step of the loop lies, if that is far from this one's."""
        return None

    def address(self, target: str, index: int) -> str:
        """Where the vector at row b, unit j of an array of the step lies."""
        if target == "spill":
            return f"a->spill{index} + b * a->padded + j"
        if target == "parameter":
            return f"a->parameter{index} + j"
        if target == "sequence":
            return f"a->sequence{index} + (t * B + b) * H + j"
        if target == "state":
            return f"before{index} + b * H + j"
        raise AssertionError(f"no array is called {target}")


_NUMBERS = frozenset(("T", "B", "H", "padded", "threads", "by_units", "keep"))
_POINTERS = {"lengths": "int64_t", "resets": "char"}
_SHARED = ["T", "B", "H", "padded", "threads", "by_units", "lengths", "resets"]
_PADDED = frozenset(("slot", "slope", "spill", "parameter", "parameter_gradient", "carried", "carry", "returned"))
"""Arrays whose rows are whole vectors; the others end where the hidden size does."""


def _type(graph: Graph, index: int) -> str:
    return "mask" if graph.nodes[index].mask else "vec"


def _neutral(graph: Graph, index: int) -> str:
    return "0" if graph.nodes[index].op == "row_sum" else "-INFINITY"


def _lanes(graph: Graph, index: int) -> str:
    return "sum_lanes" if graph.nodes[index].op == "row_sum" else "max_lanes"


class _Block:
    """The straight-line code of one stage for one vector of units."""

    def __init__(self, direction: _Direction, graph: Graph, stage: Stage) -> None:
        self.direction = direction
        self.graph = graph
        self.stage = stage

    def value(self, index: int) -> str:
        node = self.graph.nodes[index]
        if node.op == "constant":
            return f"splat({_literal(node.value)})"
        return f"{'r' if node.row else 'n'}{index}"

    def expression(self, index: int) -> str:
        node = self.graph.nodes[index]
        return f"v_{node.op}({', '.join(self.value(arg) for arg in node.args)})"

    def rows(self) -> list[str]:
        """What is the same for all units of a row."""
        lines = []
        for index in self.stage.rows:
            node = self.graph.nodes[index]
            value = f"splat(a->sum{index}[b])" if node.op in ("row_sum", "row_max") else self.expression(index)
            lines.append(f"    const {_type(self.graph, index)} r{index} = {value};")
        return lines

    def block(self) -> list[str]:
        lines = [f"  __builtin_prefetch({address}, 0, 2);" for address in self.coming()]
        lines += [f"  const {_type(self.graph, index)} n{index} = {self.loaded(index)};" for index in self.stage.loaded]
        for index in self.stage.computed:
            lines.append(f"  const {_type(self.graph, index)} n{index} = {self.expression(index)};")
        for index in self.stage.spilled:
            value = self.value(index)
            lines.append(f"  store(a->spill{index} + b * a->padded + j, {'(vec)' if self.mask(index) else ''}{value});")
        lines += [self.stored(store) for store in self.stage.stores]
        for index in self.stage.reductions:
            value = self.value(self.graph.nodes[index].args[0])
            fill = _neutral(self.graph, index)
            kept = f"(whole ? {value} : keep({value}, n, {fill}))"
            sums = f"*s{index} + {kept}" if fill == "0" else f"max_seen(*s{index}, {kept})"
            lines.append(f"  *s{index} = {sums};")
        return lines

    def coming(self) -> list[str]:
        """What the same stage will read in the next step of the loop, and no product will bring near."""
        leaves = [self.graph.nodes[index] for index in self.stage.loaded if not self.graph.nodes[index].args]
        addresses = [self.direction.coming(leaf.op, int(leaf.value)) for leaf in leaves]
        return [address for address in addresses if address]

    def mask(self, index: int) -> bool:
        return self.graph.nodes[index].mask

    def loaded(self, index: int) -> str:
        node = self.graph.nodes[index]
        spilled_before = index not in self.stage.spilled and index in self.direction_spilled
        if not node.args and not spilled_before:
            address = self.direction.address(node.op, int(node.value))
            return _loading(node.op, address)
        return ("(mask)" if node.mask else "") + f"load({self.direction.address('spill', index)})"

    @property
    def direction_spilled(self) -> set[int]:
        return self.direction.spilled_by_now  # type: ignore[attr-defined]

    def stored(self, store: Store) -> str:
        address, value = self.direction.address(store.target, store.index), self.value(store.node)
        if store.target == "slot":
            return f"  if (a->keep) store({address}, {value});"
        if store.target == "parameter_gradient":
            return f"  store({address}, load({address}) + {value});"
        if store.target == "slope":
            return f"  store({address}, whole ? {value} : keep({value}, n, 0));"
        if store.target in _PADDED:
            return f"  store({address}, {value});"
        return f"  if (whole) store({address}, {value}); else store_some({address}, {value}, n);"


def _loading(op: str, address: str) -> str:
    return f"load({address})" if op in _PADDED else f"whole ? load({address}) : load_some({address}, n)"


def _literal(number: float) -> str:
    if number != number:
        return "NAN"
    if number in (float("inf"), float("-inf")):
        return "INFINITY" if number > 0 else "-INFINITY"
    return f"(REAL){number!r}"


class _Forward(_Direction):
    """The loop over the steps."""

    name = "forward"

    def __init__(self, step: StepGraph, reverse: Reverse, places: Layout) -> None:
        super().__init__(step, reverse, places)
        stores = [Store("operand", node, node) for node in self.expressions]
        stores += [
            Store("slot", index, node) for index, node in enumerate(reverse.kept) if step.graph.nodes[node].op != "slot"
        ]
        stores += [Store("after", index, node) for index, node in enumerate(step.following)]
        self.schedule = schedule(step.graph, stores, self._ready, lambda store: None)
        self.fields = self._fields()
        self.spilled_by_now: set[int] = set()
        self.text = self._text()

    def _ready(self, leaf: int, ready: dict[int, int]) -> int:
        node = self.step.graph.nodes[leaf]
        if node.op != "slot":
            return 0
        operand = self.step.slots[int(node.value)].operand
        return 0 if operand is None or self.step.graph.nodes[operand].op == "state" else ready[operand] + 1

    def _fields(self) -> list[str]:
        fields = [*_SHARED, "keep"]
        for k in self.states:
            fields += [f"start{k}", f"initial{k}", f"before{k}", f"state{k}", f"state{k}_steps"]
        for index, source in enumerate(self.places.sources):
            fields += [f"buffer{index}", f"buffer{index}_steps"] + ([f"bias{index}"] if source is None else [])
        fields += [f"weights{z}" for z, zone in enumerate(self.places.zones) if zone.operand is not None]
        for node in self.expressions:
            fields += [f"operand{node}", f"operand{node}_steps"]
        fields += [f"sequence{k}" for k in range(self.step.sequences)]
        fields += [f"parameter{k}" for k in range(self.step.parameters)]
        fields += [f"spill{node}" for node in self.schedule.spilled]
        return fields + [f"sum{node}" for node in self.schedule.reductions]

    def buffer(self, index: int) -> str:
        width = len(self.places.slots(index))
        return f"(a->buffer{index} + t % a->buffer{index}_steps * B * {width} * a->padded)"

    def address(self, target: str, index: int) -> str:
        if target == "slot":
            return self.slot_address(index, self.buffer(self.places.place(index)[0].buffer))
        if target == "operand":
            return f"a->operand{index} + (t % a->operand{index}_steps * B + b) * H + j"
        if target == "after":
            return f"a->state{index} + (t % a->state{index}_steps * B + b) * H + j"
        return super().address(target, index)

    def product(self, operand: int) -> list[str]:
        node = self.step.graph.nodes[operand]
        array = (
            f"before{int(node.value)}"
            if node.op == "state"
            else f"(a->operand{operand} + t % a->operand{operand}_steps * B * H)"
        )
        lines = []
        for z, zone in self.zones(operand):
            width, gates = len(self.places.slots(zone.buffer)), len(zone.slots)
            lines += [
                f"    product_{panel_width(gates)}((Tile){{{array} + share.first_row * H, H, a->weights{z}, "
                f"{self.buffer(zone.buffer)} + (share.first_row * {width} + {zone.offset}) * a->padded, "
                f"{width} * a->padded, H}}, share.last_row - share.first_row, "
                f"share.first_unit / LANES * {gates}, share.last_unit / LANES * {gates}, "
                f"a->padded / LANES * {gates});"
            ]
        return lines

    def _bias(self) -> list[str]:
        lines = []
        for index, source in enumerate(self.places.sources):
            if source is not None:
                continue
            width = len(self.places.slots(index))
            for zone in (zone for zone in self.places.zones if zone.buffer == index):
                first = f"{zone.offset} * a->padded + share.first_unit * {len(zone.slots)}"
                lines += [
                    "    for (int64_t b = share.first_row; b < share.last_row; b++)",
                    f"      memcpy({self.buffer(index)} + b * {width} * a->padded + {first}, "
                    f"a->bias{index} + {first}, "
                    f"(share.last_unit - share.first_unit) * {len(zone.slots)} * sizeof(REAL));",
                ]
        return lines

    def _dead(self, stage: Stage) -> list[str]:
        return [
            f"        store_some({self.address(store.target, store.index)}, splat(0), n);"
            for store in stage.stores
            if store.target in ("operand", "after")
        ]

    def _text(self) -> str:
        parts = [self.structure()]
        loop = [*self.before(), *self._bias()]
        for number, stage in enumerate(self.schedule.stages):
            operands = [node for node in self.step.operands if self._product_stage(node) == number]
            if operands:
                loop.append("    if (share.barrier) meet(share.barrier);")
            for operand in operands:
                loop += self.product(operand)
            parts.append(self.stage(number, self.schedule, self.step.graph, self._dead(stage)))
            self.spilled_by_now.update(stage.spilled)
            loop.append(f"    forward_stage{number}(a, &share, t{''.join(f', before{k}' for k in self.states)});")
        return "\n".join([*parts, _time_loop("forward", "int64_t t = 0; t < a->T; t++", [], loop)])

    def _product_stage(self, operand: int) -> int:
        return 0 if self.step.graph.nodes[operand].op == "state" else self.schedule.ready[operand] + 1


class _Backward(_Direction):
    """The loop over the steps in reverse."""

    name = "backward"

    def __init__(self, step: StepGraph, reverse: Reverse, places: Layout) -> None:
        super().__init__(step, reverse, places)
        self.graph = reverse.graph
        self.operand_nodes = {self._renamed(node): node for node in self.expressions}
        stores = [Store("slope", index, node) for index, node in enumerate(reverse.slots)]
        stores += [Store("carry", index, node) for index, node in enumerate(reverse.states)]
        stores += [Store("sequence_gradient", index, node) for index, node in enumerate(reverse.sequences)]
        stores += [Store("parameter_gradient", index, node) for index, node in enumerate(reverse.parameters)]
        self.schedule = schedule(self.graph, stores, self._ready, self._overwritten)
        self.fields = self._fields()
        self.spilled_by_now: set[int] = set()
        self.text = self._text()

    def _renamed(self, node: int) -> int:
        """The reverse graph's number of a forward operand."""
        return self.reverse.operands[node]

    def _overwritten(self, store: Store) -> int | None:
        return self.graph.leaf("slot", store.index) if store.target == "slope" else None

    def _ready(self, leaf: int, ready: dict[int, int]) -> int:
        node = self.graph.nodes[leaf]
        if node.op != "returned":
            return 0
        return self._returned_stage(int(node.value), ready)

    def _returned_stage(self, renamed: int, ready: dict[int, int]) -> int:
        operand = self.operand_nodes[renamed]
        slopes = [self.reverse.slots[slot] for _, zone in self.zones(operand) for slot in zone.slots]
        return 1 + max(ready.get(slope, 0) for slope in slopes)  # a gate nobody reads has slope 0, numbered last

    def _fields(self) -> list[str]:
        fields = list(_SHARED)
        for k in self.states:
            fields += [f"start{k}", f"initial{k}", f"before{k}", f"state{k}", f"state{k}_steps"]
            fields += [f"given{k}", f"carry{k}", f"initial_gradient{k}"]
        for index in range(len(self.places.sources)):
            fields += [f"buffer{index}", f"slope{index}"]
        fields += [f"weights{z}" for z, zone in enumerate(self.places.zones) if zone.operand is not None]
        fields += [f"returned{node}" for node in self.operand_nodes]
        fields += [f"sequence{k}" for k in range(self.step.sequences)]
        fields += [f"sequence_gradient{k}" for k in range(self.step.sequences)]
        fields += [f"parameter{k}" for k in range(self.step.parameters)]
        fields += [f"parameter_gradient{k}" for k in range(self.step.parameters)]
        fields += [f"spill{node}" for node in self.schedule.spilled]
        return fields + [f"sum{node}" for node in self.schedule.reductions]

    def array(self, name: str, buffer: int) -> str:
        return f"(a->{name}{buffer} + t * B * {len(self.places.slots(buffer))} * a->padded)"

    def address(self, target: str, index: int) -> str:
        if target == "slot":
            return self.slot_address(index, self.array("buffer", self.places.place(index)[0].buffer))
        if target == "slope":
            return self.slot_address(index, self.array("slope", self.places.place(index)[0].buffer))
        if target == "carried":
            return f"a->carry{index} + ((t + 1) % 2 * B + b) * a->padded + j"
        if target == "carry":
            return f"a->carry{index} + (t % 2 * B + b) * a->padded + j"
        if target == "returned":
            return f"a->returned{index} + b * a->padded + j"
        if target == "sequence_gradient":
            return f"a->sequence_gradient{index} + (t * B + b) * H + j"
        if target == "parameter_gradient":
            return f"a->parameter_gradient{index} + share->thread * a->padded + j"
        return super().address(target, index)

    def coming(self, leaf: str, index: int) -> str | None:
        if leaf == "slot":
            buffer = self.places.place(index)[0].buffer
            return f"{self.address(leaf, index)} - B * {len(self.places.slots(buffer))} * a->padded"
        return f"{self.address(leaf, index)} - B * H" if leaf == "state" else None

    def _dead(self, stage: Stage) -> list[str]:
        lines = []
        for store in stage.stores:
            address = self.address(store.target, store.index)
            if store.target == "slope":
                lines.append(f"        store({address}, splat(0));")
            elif store.target == "carry":
                lines.append(f"        store({address}, load({self.address('carried', store.index)}));")
            elif store.target == "sequence_gradient":
                lines.append(f"        store_some({address}, splat(0), n);")
        return lines

    def _send(self, operand: int, target: str) -> list[str]:
        """Add what an operand's slots send back to it."""
        lines = []
        for z, zone in self.zones(operand):
            width, gates = len(self.places.slots(zone.buffer)), len(zone.slots)
            lines.append(
                f"    product_4((Tile){{{self.array('slope', zone.buffer)} + "
                f"(share.first_row * {width} + {zone.offset}) * a->padded, {width} * a->padded, a->weights{z}, "
                f"{target} + share.first_row * a->padded, a->padded, {gates} * a->padded}}, "
                "share.last_row - share.first_row, share.first_unit / LANES, share.last_unit / LANES, "
                "a->padded / LANES);"
            )
        return lines

    def _clear(self, target: str) -> list[str]:
        return [
            "    for (int64_t b = share.first_row; b < share.last_row; b++)",
            f"      memset({target} + b * a->padded + share.first_unit, 0, "
            "(share.last_unit - share.first_unit) * sizeof(REAL));",
        ]

    def _receive(self) -> list[str]:
        """Add the gradients given to the states at this step to those carried from the step after."""
        lines = []
        for k in self.states:
            lines += [
                f"    if (a->given{k})",
                "      for (int64_t b = share.first_row; b < share.last_row; b++) {",
                "        if (a->lengths && t >= a->lengths[b]) continue;",
                "        for (int64_t j = share.first_unit; j < share.last_unit; j += LANES) {",
                f"          REAL *carry = {self.address('carried', k)};",
                f"          const REAL *given = a->given{k} + (t * B + b) * H + j;",
                "          store(carry, load(carry) + (H - j < LANES ? load_some(given, H - j) : load(given)));",
                "        }",
                "      }",
            ]
        return lines

    def _reset(self) -> list[str]:
        """In rows that were reset, what reaches the state before the step is the initial state's."""
        lines = ["    if (a->resets && memchr(a->resets + t * B, 1, (size_t)B))"]
        lines += [
            "      for (int64_t b = share.first_row; b < share.last_row; b++) {",
            "        if (!a->resets[t * B + b]) continue;",
            "        if (a->lengths && t >= a->lengths[b]) continue;",
            "        for (int64_t j = share.first_unit; j < share.last_unit; j += LANES) {",
        ]
        for k in self.states:
            lines += [
                f"          REAL *carry{k} = {self.address('carry', k)};",
                f"          REAL *initial{k} = a->initial_gradient{k} + b * a->padded + j;",
                f"          store(initial{k}, load(initial{k}) + load(carry{k}));",
                f"          store(carry{k}, splat(0));",
            ]
        return [*lines, "        }", "      }"]

    def _text(self) -> str:
        parts = [self.structure()]
        loop = [*self.before(), *self._receive()]
        for number, stage in enumerate(self.schedule.stages):
            operands = [node for node in self.operand_nodes if node in self._awaited(number)]
            if operands:
                loop.append("    if (share.barrier) meet(share.barrier);")
            for node in operands:
                loop += [
                    *self._clear(f"a->returned{node}"),
                    *self._send(self.operand_nodes[node], f"a->returned{node}"),
                ]
            parts.append(self.stage(number, self.schedule, self.graph, self._dead(stage)))
            self.spilled_by_now.update(stage.spilled)
            loop.append(f"    backward_stage{number}(a, &share, t{''.join(f', before{k}' for k in self.states)});")
        states = [node for node in self.step.operands if node not in self.expressions]
        if states:
            loop.append("    if (share.barrier) meet(share.barrier);")
        for operand in states:
            k = int(self.step.graph.nodes[operand].value)
            loop += self._send(operand, f"(a->carry{k} + t % 2 * B * a->padded)")
        loop += self._reset()
        return "\n".join([*parts, _time_loop("backward", "int64_t t = a->T - 1; t >= 0; t--", [], loop)])

    def _awaited(self, stage: int) -> set[int]:
        """The expressions whose returned gradient that stage is the first to be able to read."""
        return {node for node in self.operand_nodes if self._returned_stage(node, self.schedule.ready) == stage}


def _time_loop(name: str, loop: str, setup: list[str], body: list[str]) -> str:
    lines = [
        f"static void {name}_share(const void *arguments, int64_t thread, int64_t threads, Barrier *barrier) {{",
        f"  const {name.title()} *a = arguments;",
        "  const int64_t B = a->B, H = a->H;",
        "  const Share share = share_of(thread, threads, B, a->padded, a->by_units, barrier);",
        *setup,
        f"  for ({loop}) {{",
        *body,
        "  }",
        "}",
        f"void {name}(const int64_t *arguments) {{",
        f"  in_team({name}_share, arguments, ((const {name.title()} *)arguments)->threads);",
        "}",
    ]
    return "\n".join(lines)
