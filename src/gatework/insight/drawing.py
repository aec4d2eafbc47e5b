"""A drawing of one step of a cell: states from left to right, the input from below, generated from ``step``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gatework.cells import Cell, cell_name
from gatework.errors import InputError
from gatework.insight.flow import ACTIVATION_SIGNS, Flow, Part, read_flow
from gatework.insight.layered import GRID, Box, Layout, Point, Route, arrange
from gatework.storage import replacing

FORMATS = ("svg", "png", "pdf")
INCHES = 0.55
"""Inches a unit of the layout."""
LETTER = 0.155
"""Width of a letter of small print, in units of the layout."""
CORNER = 0.16
STUB = 0.34

# the palette of Okabe and Ito, whose colours are told apart by colour-blind people too; fills are its tints
STATE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58900")
WIRE = "#555555"
INK = "#222222"
SQUASH, CANDIDATE, OTHER, PLAIN = "#CFE8F7", "#FBE3B5", "#E9D5E3", "#ECECEC"
FILLS = {
    "sigmoid": SQUASH,
    "hardsigmoid": SQUASH,
    "tanh": CANDIDATE,
    "hardtanh": CANDIDATE,
    "relu": CANDIDATE,
    "": PLAIN,
}
SIGNS = ACTIVATION_SIGNS | {
    "layer_norm": "norm", "log_sigmoid": "log σ", "maximum": "max", "minimum": "min", "neg": "−", "sqrt": "√",
    "gt": ">", "lt": "<", "ge": "≥", "le": "≤",
}  # fmt: skip
WORD = re.compile(r"[^\W\d][\w.]*")
MARKS = {"-": "−", "/": "÷", "*": "⊙"}


def draw_cell(cell: Cell, target: str | Path | None = None) -> Any:
    """Draw what one step of a cell computes.

    Args:
        cell: a cell of any sizes.
        target: a file to write, .svg, .png or .pdf; the same cell gives the same bytes.

    Returns:
        The ``matplotlib`` figure.

    Raises:
        UntraceableError: ``step`` does what cannot be recorded; the message says what.
        InputError: the target's ending is none of the three.
        StorageError: the file cannot be written.
    """
    flow = read_flow(cell)
    boxes, pairs = _boxes(flow)
    figure = _drawn(flow, boxes, arrange(boxes, pairs), type(cell).__name__)
    if target is not None:
        _save(figure, Path(target), type(cell))
    return figure


def _save(figure: Any, target: Path, kind: type[Cell]) -> None:
    import matplotlib

    ending = target.suffix.removeprefix(".").lower()
    if ending not in FORMATS:
        raise InputError(f"{target} is no name for a drawing", "it must end in .svg, .png or .pdf")
    title = kind.equations().partition("\n")[0]
    dates = {"svg": ["Date"], "pdf": ["CreationDate"]}.get(ending, [])  # left out: the same cell gives the same bytes
    metadata = {"Title": f"{kind.__name__}: {title}", **dict.fromkeys(dates)}
    with replacing(target) as beside, matplotlib.rc_context({"svg.hashsalt": cell_name(kind)}):
        figure.savefig(beside, format=ending, dpi=200, metadata=metadata)


def _boxes(flow: Flow) -> tuple[list[Box], list[tuple[int, int]]]:
    """The parts and, after them, the states after the step; pairs of a state before and after, the first lowest."""
    carried: list[bool] = []
    boxes = []
    for part in flow.parts:
        boxes.append(_box(part, carried))
        from_state = part.kind != "gate" and any(carried[wire.source] for wire in part.wires)
        carried.append(part.kind == "state" or from_state)
    pairs = [(state, len(flow.parts) + state) for state in range(len(flow.states))]
    boxes += [Box((part,), 0.0, 1, 1, last=True, straight=True) for part in flow.following]
    return boxes, pairs


def _box(part: Part, carried: list[bool]) -> Box:
    """A part as it is placed; what comes from a state by elementwise operations alone goes straight through it."""
    width, half = _size(part)
    sources = tuple(wire.source for wire in part.wires)
    main = max(range(len(sources)), key=lambda wire: (carried[sources[wire]], sources[wire]), default=0)
    main = 0 if part.kind == "gate" else main
    return Box(
        sources, width, half, half + (3 if part.leaves else 0), room=_leaves_width(part),
        first=part.kind == "state", closed=bool(part.leaves), main=main,
        straight=bool(sources) and part.kind != "gate" and carried[sources[main]],
    )  # fmt: skip


def _size(part: Part) -> tuple[float, int]:
    """Width, and half the height in grid units."""
    if part.kind == "state":
        return 0.0, 1
    leaves = _leaves_width(part) if len(part.leaves) > 1 else 0.0
    if part.kind == "gate":
        return max(0.95, leaves, (len(_function(part.function)) + 1) * LETTER, (len(part.label) + 1) * 0.22), 2
    if part.kind == "operation":
        return max(0.5, leaves, 0.3 + (len(part.label) - 1) * LETTER if len(part.label) > 2 else 0), 1
    return max(0.6, leaves, 0.3 + len(_function(part.label)) * LETTER), 2 if len(part.wires) > 3 else 1


def _leaves_width(part: Part) -> float:
    return sum(map(_leaf_width, part.leaves))


def _leaf_width(leaf: str) -> float:
    return max(0.4, (len(leaf) + 1) * LETTER * 0.9)


def _function(name: str) -> str:
    """How a function is written in a box."""
    return " ".join(SIGNS.get(word, word.replace("_", " ")) for word in name.split())


def _drawn(flow: Flow, boxes: list[Box], layout: Layout, name: str) -> Any:
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch

    states = len(flow.states)
    left, right = layout.centres[0][0], layout.centres[-1][0]
    extents = [(y + box.up * GRID, y - box.down * GRID) for box, (_, y) in zip(boxes, layout.centres, strict=True)] + [
        (y, y) for route in layout.routes for _, y in route.points
    ]
    top, bottom = max(high for high, _ in extents) + 0.3, min(low for _, low in extents) - 0.15
    reach = 0.7 + 0.17 * max(len(state) for state in flow.states)
    size = right - left + 2 * reach + 0.5, top - bottom + 0.55
    figure = Figure(figsize=(size[0] * INCHES, size[1] * INCHES))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(left - reach - 0.25, right + reach + 0.25), ylim=(bottom - 0.1, top + 0.45))
    axes.set_axis_off()
    body = FancyBboxPatch(
        (left + 0.2, bottom), right - left - 0.4, top - bottom,
        boxstyle="round,pad=0,rounding_size=0.2", facecolor="#FAFAFA", edgecolor="#BBBBBB", linewidth=1, zorder=0,
    )  # fmt: skip
    axes.add_patch(body)
    axes.text(left + 0.3, top + 0.1, name, fontsize=11, fontweight="bold", color="#777777", va="bottom", gid="name")
    colours = {part: STATE_COLOURS[k % 5] for k, part in reversed(list(enumerate(flow.following)))}
    colours |= {state: STATE_COLOURS[state % 5] for state in range(states)}
    for route in sorted(layout.routes, key=lambda route: route.source in colours):
        _draw_arrow(axes, list(route.points), colours.get(route.source, WIRE))
        part = flow.parts[route.target] if route.target < len(flow.parts) else None
        if part is not None and (mark := part.wires[route.wire].mark):
            _draw_mark(axes, route, MARKS.get(mark, mark))
    used = {route.source for route in layout.routes}
    for index, part in enumerate(flow.parts):
        if part.kind == "state" and index not in used:
            continue
        if part.kind == "state":
            x, y = layout.centres[index]
            axes.text(x - 0.08, y, _letters(part.label, "t-1"), fontsize=14, ha="right", va="center",
                      color=colours[index], gid=f"state-{part.label}")  # fmt: skip
        else:
            _draw_part(axes, part, boxes[index], layout.centres[index])
    for state, (x, y) in zip(flow.states, layout.centres[len(flow.parts) :], strict=True):
        axes.text(x + 0.12, y, _letters(state, "t"), fontsize=14, ha="left", va="center",
                  color=STATE_COLOURS[flow.states.index(state) % 5], gid=f"next-{state}")  # fmt: skip
    return figure


def _draw_part(axes: Any, part: Part, box: Box, centre: Point) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    (x, y), height = centre, box.up * GRID
    style: dict[str, Any] = {"edgecolor": INK, "linewidth": 1.1, "zorder": 3}
    if part.kind == "operation" and box.width == 0.5:
        axes.add_patch(Circle(centre, 0.25, facecolor="white", **style))
    else:
        name = part.function.split()[-1] if part.function else "" if part.kind == "gate" else part.label
        fill = "white" if part.kind == "operation" else FILLS.get(name, OTHER)
        rounding = 0.1 if part.kind == "gate" else 0.24
        axes.add_patch(
            FancyBboxPatch((x - box.width / 2, y - height), box.width, 2 * height, facecolor=fill,
                           boxstyle=f"round,pad=0,rounding_size={rounding}", **style)
        )  # fmt: skip
    words = {"ha": "center", "va": "center_baseline", "color": INK, "zorder": 4}
    if part.kind == "gate":
        lift = 0.2 if part.function else 0.0
        axes.text(x, y + lift, _letters(part.label), fontsize=16, gid=f"gate-{part.label}", **words)
        axes.text(x, y - 0.24, _function(part.function), fontsize=11, **words)
    elif part.kind == "operation":
        axes.text(
            x, y, part.label.replace("-", "−").replace("/", "÷"), fontsize=13 if len(part.label) < 2 else 10, **words
        )
    elif part.kind == "module":
        axes.text(x, y, _letters(part.label), fontsize=12, gid=f"module-{part.label}", **words)
    elif part.label.startswith("^"):
        axes.text(x, y, f"$(\\cdot)^{{{part.label[1:]}}}$", fontsize=11, **words)
    else:
        axes.text(x, y, _function(part.label), fontsize=11, **words)
    for place, leaf in enumerate(part.leaves):
        widths = [_leaf_width(leaf) for leaf in part.leaves]
        at = x - sum(widths) / 2 + sum(widths[:place]) + widths[place] / 2
        floor = y - height
        colour = INK if leaf.endswith("x") else WIRE
        _draw_arrow(axes, [(at, floor - STUB), (at, floor)], colour)
        axes.text(at, floor - STUB - 0.05, _leaf(leaf), ha="center", va="top",
                  fontsize=12 if colour == INK else 10, color=colour, zorder=4)  # fmt: skip


def _draw_mark(axes: Any, route: Route, mark: str) -> None:
    x, y = route.points[-1]
    dx, dy = {"left": (-0.2, 0.15), "top": (0.2, 0.18), "bottom": (0.2, -0.2)}[route.port]
    axes.text(x + dx, y + dy, mark, fontsize=10, ha="center", va="center", color=INK, zorder=4)


def _draw_arrow(axes: Any, points: list[Point], colour: str) -> None:
    """A line with round corners and a head at its end."""
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path as Line

    (x0, y0), (x1, y1) = points[-2:]
    length = max(abs(x1 - x0), abs(y1 - y0))
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    head = 0.14
    tip = (x1 - 0.02 * ux, y1 - 0.02 * uy)
    back = (tip[0] - head * ux, tip[1] - head * uy)
    axes.add_patch(
        Polygon([tip, (back[0] - uy * 0.075, back[1] + ux * 0.075), (back[0] + uy * 0.075, back[1] - ux * 0.075)],
                facecolor=colour, edgecolor="none", zorder=2)
    )  # fmt: skip
    ends = [*points[:-1], (tip[0] - head * 0.8 * ux, tip[1] - head * 0.8 * uy)]
    vertices, codes = [ends[0]], [Line.MOVETO]
    for before, corner, after in zip(ends, ends[1:], ends[2:], strict=False):
        vertices += [_towards(corner, before), corner, _towards(corner, after)]
        codes += [Line.LINETO, Line.CURVE3, Line.CURVE3]
    vertices.append(ends[-1])
    codes.append(Line.LINETO)
    axes.add_patch(PathPatch(Line(vertices, codes), facecolor="none", edgecolor=colour, linewidth=1.7, zorder=1))


def _towards(corner: Point, other: Point) -> Point:
    """The point where a rounded corner begins."""
    length = max(abs(other[0] - corner[0]), abs(other[1] - corner[1]))
    part = min(CORNER, length / 2) / length if length else 0
    return corner[0] + (other[0] - corner[0]) * part, corner[1] + (other[1] - corner[1]) * part


def _leaf(text: str) -> str:
    """What a leaf is called: ``x`` at ``t``, a parameter, either with the sign that it enters with."""
    sign, name = (text[0], text[1:]) if text[0] in "+−÷" else ("", text)
    return sign + _letters(name, "t" if name == "x" else "")


def _letters(name: str, time: str = "") -> str:
    """A name, or a short expression of names, as mathematics: ``h`` at ``t-1``, ``f_in`` with its index below."""
    return f"${WORD.sub(lambda word: _word(word[0], time, word.end() < len(name)), name)}$"


def _word(name: str, time: str, inside: bool) -> str:
    stem, _, index = name.replace(".", "_").partition("_")
    index = ", ".join(word for word in (index.replace("_", r"\ "), time) if word)
    if inside and name in ("exp", "f", "log", "softplus"):
        return rf"\mathrm{{{name}}}"
    stem = stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
    return f"{stem}_{{{index}}}" if index else stem
