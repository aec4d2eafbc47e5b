"""The C that both time loops have in common: arguments, states before a step, stages with products between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gatework.engine.emit_pass import emit_pass
from gatework.engine.graph import Graph, StepGraph
from gatework.engine.layout import Layout, Zone
from gatework.engine.schedule import Schedule

_NUMBERS = ("T", "B", "threads", "by_units", "keep", "H", "padded", "heads")
_POINTERS = {"offsets": "int64_t", "resets": "char"}


class Loop:
    """One direction. A subclass fills ``graph``, ``schedule`` and what is declared below.

    Args:
        step: what the cell computes.
        places: where its slots lie.
    """

    name: str
    header: str
    graph: Graph
    schedule: Schedule

    def __init__(self, step: StepGraph, places: Layout) -> None:
        self.step = step
        self.places = places
        self.states = len(step.state_sizes)

    def opening(self) -> list[str]:
        """What a step begins with, once the states before it are known."""
        raise NotImplementedError

    def products(self, stage: int) -> list[str]:
        """The products that must be added before a stage."""
        raise NotImplementedError

    def closing(self) -> list[str]:
        """What a step ends with."""
        raise NotImplementedError

    def own_fields(self) -> list[str]:
        """The arguments that only this direction has."""
        raise NotImplementedError

    @property
    def fields(self) -> list[str]:
        """The arguments of the function, in order."""
        fields = ["T", "B", "threads", "by_units", "offsets", "resets"]
        for c in range(len(self.step.widths)):
            fields += [f"H{c}", f"padded{c}"]
        for k in range(self.states):
            fields += [f"start{k}", f"initial{k}", f"before{k}", f"state{k}", f"state{k}_steps"]
        for z, zone in self.places.products:
            fields += [f"weights{z}", f"heads{z}"] if zone.heads > 1 else [f"weights{z}"]
        for kind, count in self.step.tables.items():
            fields += [f"{kind}{k}" for k in range(count)]
        fields += self.own_fields()
        fields += [f"spill{node}" for node in self.schedule.spilled]
        return fields + [f"sum{node}" for node in self.schedule.reductions]

    def text(self) -> str:
        """The structure of arguments, the passes, and the function."""
        parts, body = [self._structure()], [*self._before(), *self.opening()]
        for number, stage in enumerate(self.schedule.stages):
            products = self.products(number)
            body += self.meeting() + products if products else []
            for part in stage:
                c = self.size(part.width)
                name = f"{self.name}_stage{number}" + (f"_width{c}" if len(stage) > 1 else "")
                parts.append(emit_pass(self, part, name))
                body.append(
                    f"    {name}(a, &share{c}, t, first, earlier{''.join(f', before{k}' for k in range(self.states))});"
                )
        body += self.closing()
        return "\n".join([*parts, self._function(body)])

    def _structure(self) -> str:
        kinds = [
            f"  int64_t {name};" if name.rstrip("0123456789") in _NUMBERS or name.endswith("_steps")
            else f"  {_POINTERS.get(name, 'REAL')} *{name};"
            for name in self.fields
        ]  # fmt: skip
        return "\n".join(["typedef struct {", *kinds, f"}} {self.name.title()};\n"])

    def _function(self, body: list[str]) -> str:
        shares = [
            f"  Share share{c} = share_of(thread, threads, B, a->padded{c}, a->by_units, barrier);"
            for c in range(len(self.step.widths))
        ]
        ends = " = ".join(f"share{c}.last_row" for c in range(len(self.step.widths)))
        lines = [
            f"static void {self.name}_share(const void *arguments, int64_t thread, int64_t threads, "
            "Barrier *barrier) {",
            f"  const {self.name.title()} *a = arguments;",
            "  const int64_t B = a->B;",
            *shares,
            *(f"  if (a->offsets) deal_rows(&share{c}, threads);" for c in range(len(self.step.widths))),
            f"  for ({self.header}) {{",
            "    const int64_t first = start_of(a->offsets, t, a->T, B);",
            "    const int64_t alive = a->offsets ? a->offsets[t + 1] - first : B;",
            "    const int64_t earlier = !a->offsets ? first - B : t ? a->offsets[t - 1] : 0;",
            f"    if (a->offsets) {ends} = alive;",
            "    (void)alive, (void)earlier;",
            *body,
            "  }",
            "}",
            f"void {self.name}(const int64_t *arguments) {{",
            f"  in_team({self.name}_share, arguments, ((const {self.name.title()} *)arguments)->threads);",
            "}",
        ]
        return "\n".join(lines)

    def _before(self) -> list[str]:
        """Point at the states before step t; in rows that are reset, at the initial ones."""
        lines, copies, moves = [], [], []
        for k, width in enumerate(self.step.state_sizes):
            c = self.size(width)
            after = f"a->state{k} + start_of(a->offsets, t - 1, a->state{k}_steps, B) * a->H{c}"
            lines.append(f"    const REAL *before{k} = t ? {after} : a->start{k};")
            copies.append(
                f"        copy_units(a->before{k} + (t % 2 * B + b) * a->H{c}, "
                f"(a->resets[first + b] ? a->initial{k} : before{k}) + b * a->H{c}, &share{c}, a->H{c});"
            )
            moves.append(f"      before{k} = a->before{k} + t % 2 * B * a->H{c};")
        return [
            *lines,
            "    if (a->resets && memchr(a->resets + first, 1, (size_t)alive)) {",
            self.each_row() + " {",
            *copies,
            "      }",
            *moves,
            "    }",
        ]

    def each_row(self) -> str:
        """The head of a loop over a thread's rows."""
        return "      for (int64_t b = share0.first_row; b < share0.last_row; b += share0.row_step)"

    def meeting(self) -> list[str]:
        """Where threads that share the units wait for each other."""
        return ["    if (share0.barrier) meet(share0.barrier);"]

    def size(self, width: int) -> int:
        """The number of a width among the kernel's."""
        return self.step.widths.index(width)

    def columns(self, zones: Iterable[Zone]) -> str:
        """How many columns of a buffer some zones have."""
        counts: Counter[int] = Counter()
        for zone in zones:
            counts[self.size(zone.width)] += len(zone.slots)
        return (
            "(" + " + ".join(f"{count} * a->padded{c}" for c, count in sorted(counts.items())) + ")" if counts else "0"
        )

    def zones(self, operand: int) -> list[tuple[int, Zone]]:
        """The zones whose product multiplies an operand, and their numbers."""
        return [(number, zone) for number, zone in self.places.products if zone.operand == operand]

    def slot_address(self, slot: int, array: str) -> str:
        """Where the vector of a slot at row b, unit j lies."""
        zone, place = self.places.place(slot)
        width, before = self.columns(self.places.buffer(zone.buffer)), self.columns(self.places.before(zone))
        return f"{array} + b * {width} + {before} + j * {len(zone.slots)} + {place} * LANES"

    def coming(self, target: str, index: int) -> str | None:
        """Where the array's vector of the next step of the loop lies, if that is far from this one's."""
        return None

    def address(self, target: str, index: int) -> str:
        """Where the vector at row b, unit j of an array of the step lies."""
        if target == "parameter":
            return f"a->parameter{index} + j"
        if target in ("sequence", "drawn"):
            return f"a->{target}{index} + (first + b) * H + j"
        if target == "held":
            return f"a->held{index} + b * H + j"
        if target == "state":
            return f"before{index} + b * H + j"
        raise AssertionError(f"no array is called {target}")
