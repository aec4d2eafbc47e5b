"""The C of one pass: straight-line code for one vector of units, and the function that takes it over all."""

from __future__ import annotations

from typing import Protocol

from gatework.engine.graph import REDUCTIONS, Graph
from gatework.engine.schedule import Pass, Store

PADDED = frozenset(("slot", "slope", "parameter", "parameter_gradient", "carried", "carry", "returned"))
"""Arrays whose rows are whole vectors; the others end where the width does."""


class Arrays(Protocol):
    """What a pass must know of the time loop around it.

    Attributes:
        name: of the loop, and of its arguments' type when capitalised.
        graph: the nodes.
        states: how many states there are.
    """

    name: str
    graph: Graph
    states: int

    def address(self, target: str, index: int) -> str:
        """Where the vector at row b, unit j of an array of the step lies."""

    def coming(self, target: str, index: int) -> str | None:
        """Where the array's vector of the next step of the loop lies, if that is far from this one's."""

    def size(self, width: int) -> int:
        """The number of a width among the kernel's."""


def emit_pass(loop: Arrays, part: Pass, name: str) -> str:
    """Two functions: ``name`` over rows and units, and ``name_block`` for one vector, which it calls."""
    block = _Block(loop, part)
    struct, size = loop.name.title(), loop.size(part.width)
    befores = "".join(f", const REAL *before{k}" for k in range(loop.states))
    rows = "".join(f", const {block.type(index)} r{index}" for index in part.rows)
    totals = "".join(f", vec *s{index}" for index in part.reductions)
    given = "".join(
        [f", before{k}" for k in range(loop.states)]
        + [f", r{index}" for index in part.rows]
        + [f", &s{index}" for index in part.reductions]
    )
    sizes = f"  const int64_t B = a->B, H = a->H{size}, padded = a->padded{size};"
    unused = "  (void)B, (void)H, (void)padded;"
    lines = [
        f"INLINE void {name}_block(const {struct} *a, const Share *share, int64_t t, int64_t first, int64_t earlier, "
        f"int64_t b, int64_t j, int64_t n, const int whole{befores}{rows}{totals}) {{",
        sizes,
        unused,
        "  (void)n, (void)t, (void)first, (void)earlier, (void)share;",
        *block.lines(),
        "}",
        f"static void {name}(const {struct} *a, const Share *share, int64_t t, int64_t first, "
        f"int64_t earlier{befores}) {{",
        sizes,
        unused,
        "  for (int64_t b = share->first_row; b < share->last_row; b += share->row_step) {",
        *block.rows(),
        *(f"    vec s{index} = splat({block.neutral(index)});" for index in part.reductions),
        "    int64_t j = share->first_unit;",
        "    for (; j + LANES <= share->last_unit && j + LANES <= H; j += LANES)",
        f"      {name}_block(a, share, t, first, earlier, b, j, LANES, 1{given});",
        "    if (j < share->last_unit)",
        f"      {name}_block(a, share, t, first, earlier, b, j, H - j, 0{given});",
        *(f"    a->sum{index}[b] = {block.lanes(index)}(s{index});" for index in part.reductions),
        "  }",
        "}",
    ]
    return "\n".join(lines)


class _Block:
    """The straight-line code of one pass."""

    def __init__(self, loop: Arrays, part: Pass) -> None:
        self.loop = loop
        self.nodes = loop.graph.nodes
        self.part = part

    def type(self, index: int) -> str:
        return "mask" if self.nodes[index].mask else "vec"

    def neutral(self, index: int) -> str:
        return "0" if self.nodes[index].op == "row_sum" else "-INFINITY"

    def lanes(self, index: int) -> str:
        return "sum_lanes" if self.nodes[index].op == "row_sum" else "max_lanes"

    def rows(self) -> list[str]:
        """What is the same for all units of a row."""
        lines = []
        for index in self.part.rows:
            value = f"splat(a->sum{index}[b])" if self.nodes[index].op in REDUCTIONS else self.expression(index)
            lines.append(f"    const {self.type(index)} r{index} = {value};")
        return lines

    def lines(self) -> list[str]:
        leaves = [(self.nodes[index].op, int(self.nodes[index].value)) for index in self.part.loaded]
        coming = [address for leaf in leaves if (address := self.loop.coming(*leaf))]
        lines = [f"  __builtin_prefetch({address}, 0, 2);" for address in coming]
        values = [(index, self.loaded(*leaf)) for index, leaf in zip(self.part.loaded, leaves, strict=True)]
        values += [(index, self.restored(index)) for index in self.part.restored]
        values += [(index, self.expression(index)) for index in self.part.computed]
        lines += [f"  const {self.type(index)} n{index} = {value};" for index, value in values]
        lines += [f"  store({self.spill(index)}, (vec)n{index});" for index in self.part.spilled]
        lines += [self.stored(store) for store in self.part.stores]
        return lines + [self.reduced(index) for index in self.part.reductions]

    def value(self, index: int) -> str:
        node = self.nodes[index]
        if node.op == "constant":
            return f"splat({_literal(node.value)})"
        return f"{'n' if node.width else 'r'}{index}"

    def expression(self, index: int) -> str:
        node = self.nodes[index]
        return f"v_{node.op}({', '.join(self.value(arg) for arg in node.args)})"

    def loaded(self, target: str, number: int) -> str:
        address = self.loop.address(target, number)
        return f"load({address})" if target in PADDED else f"whole ? load({address}) : load_some({address}, n)"

    def spill(self, index: int) -> str:
        return f"a->spill{index} + b * padded + j"

    def restored(self, index: int) -> str:
        return f"({self.type(index)})load({self.spill(index)})"

    def stored(self, store: Store) -> str:
        address, value = self.loop.address(store.target, store.index), self.value(store.node)
        if store.target == "slot":
            return f"  if (a->keep) store({address}, {value});"
        if store.target == "parameter_gradient":
            return f"  store({address}, load({address}) + {value});"
        if store.target == "slope":
            return f"  store({address}, whole ? {value} : keep({value}, n, 0));"
        if store.target in PADDED:
            return f"  store({address}, {value});"
        return f"  if (whole) store({address}, {value}); else store_some({address}, {value}, n);"

    def reduced(self, index: int) -> str:
        value, fill = self.value(self.nodes[index].args[0]), self.neutral(index)
        kept = f"(whole ? {value} : keep({value}, n, {fill}))"
        return f"  *s{index} = " + (f"*s{index} + {kept};" if fill == "0" else f"max_seen(*s{index}, {kept});")


def _literal(number: float) -> str:
    if number != number:
        return "NAN"
    if number in (float("inf"), float("-inf")):
        return "INFINITY" if number > 0 else "-INFINITY"
    return f"(REAL){number!r}"
