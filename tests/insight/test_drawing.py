"""Drawings of cells: everything that a step computes is there, once; boxes and wires keep out of each other's way."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from foreign_cells import Mutant, Peephole
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gatework.cells import CELLS, Cell, Gate
from gatework.engine.trace import UntraceableError
from gatework.errors import InputError
from gatework.insight import draw_cell
from gatework.insight.flow import Flow, Part, Wire, read_flow
from gatework.insight.layered import GRID, Box, Layout, arrange

SVG = "{http://www.w3.org/2000/svg}"


def ids(path: Path) -> list[str]:
    return [element.get("id", "") for element in xml.etree.ElementTree.parse(path).iter(f"{SVG}g")]


def test_every_gate_and_state_is_drawn_once(tmp_path: Path, make_cell: Callable[[], Cell]) -> None:
    cell = make_cell()
    draw_cell(cell, tmp_path / "cell.svg")
    found = ids(tmp_path / "cell.svg")
    assert sorted(word for word in found if word.startswith("gate-")) == sorted(f"gate-{n}" for n, _ in cell.gates())
    for state in cell.states:
        assert found.count(f"state-{state}") == found.count(f"next-{state}") == 1


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_can_be_drawn(tmp_path: Path, name: str) -> None:
    draw_cell(CELLS[name](5, 5), tmp_path / "cell.svg")
    found = ids(tmp_path / "cell.svg")
    assert {f"next-{state}" for state in CELLS[name].states} <= set(found)
    assert any(word.startswith("gate-") for word in found) or "Norm" in name  # there, gates are parts of norms


def test_the_flow_of_an_lstm() -> None:
    parts = (
        Part("state", "h"),
        Part("state", "c"),
        Part("gate", "i", "sigmoid", (Wire(0),), ("x",)),
        Part("gate", "f", "sigmoid", (Wire(0),), ("x",)),
        Part("gate", "g", "tanh", (Wire(0),), ("x",)),
        Part("gate", "o", "sigmoid", (Wire(0),), ("x",)),
        Part("operation", "×", "", (Wire(3), Wire(1))),
        Part("operation", "×", "", (Wire(2), Wire(4))),
        Part("operation", "+", "", (Wire(6), Wire(7))),
        Part("function", "tanh", "", (Wire(8),)),
        Part("operation", "×", "", (Wire(5), Wire(9))),
    )
    assert read_flow(CELLS["LSTM"](3, 7)) == Flow(("h", "c"), parts, (10, 8))


def test_options_change_the_flow() -> None:
    assert read_flow(CELLS["GRU"](3, 7)) != read_flow(CELLS["GRU"](3, 7, z_scales="old"))
    (_, gate) = read_flow(CELLS["Elman"](3, 7, activation="relu", recurrence="diagonal")).parts
    assert gate == Part("gate", "h", "relu", (Wire(0, "*"),), ("x",))


def test_what_is_added_before_an_activation_belongs_to_the_gate() -> None:
    parts = {part.label: part for part in read_flow(Peephole(3, 7)).parts if part.kind == "gate"}
    flow = read_flow(Peephole(3, 7))
    assert set(parts) == set("ifgo")
    for gate in "ifo":
        recurrent, peephole = parts[gate].wires
        assert (recurrent, peephole.mark) == (Wire(0), "+")
        assert flow.parts[peephole.source].leaves in (("p0",), ("p1",), ("p2",))
    mutant = read_flow(Mutant(7, 7))
    (z,) = [part for part in mutant.parts if part.label == "z"]
    assert [mutant.parts[wire.source].label for wire in z.wires] == ["tanh", "tanh"]
    assert [wire.mark for wire in z.wires] == ["", "W"]
    (n,) = [part for part in mutant.parts if part.label == "n"]
    assert mutant.parts[n.wires[1].source].leaves == ("exp(-slope)", "x")


def test_of_a_sum_of_gates_the_one_that_sees_the_input_has_the_function() -> None:
    class Sum(Cell):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.u, self.w = Gate(0, hidden_size), Gate(input_size, hidden_size, recurrence=None)
            self.scale = torch.nn.Linear(hidden_size, hidden_size)

        def step(self, x: Tensor, h: Tensor) -> Tensor:
            return torch.tanh(self.u(e=self.scale(h)) + self.w(x))

    _, scale, u, w = read_flow(Sum(3, 7)).parts
    assert scale == Part("module", "scale", "", (Wire(0),))
    assert u == Part("gate", "u", "", (Wire(1),))
    assert w == Part("gate", "w", "tanh", (Wire(2, "+"),), ("x",))


class Odd(Cell):
    """Differences, quotients, numbers, results of several parts, dead code."""

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.g = Gate(0, hidden_size)
        self.norm = torch.nn.LayerNorm(hidden_size)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        torch.exp(h)
        first, second = torch.cat([h, c], dim=1).chunk(2, dim=1)
        g = torch.tanh(self.norm(self.g(e=1 * h) - c + 0))
        return (1 - g) / (2 * first - second), x


def test_signs_numbers_and_pieces() -> None:
    flow = read_flow(Odd(7, 7))
    labels = [part.label for part in flow.parts]
    assert "exp" not in labels
    assert labels.count("1") == labels.count("2") == labels.count("cat") == 1
    gate = flow.parts[labels.index("g")]
    assert (gate.function, gate.wires) == ("norm tanh", (Wire(0), Wire(1, "-")))
    quotient = flow.parts[flow.following[0]]
    assert (quotient.label, [wire.mark for wire in quotient.wires]) == ("×", ["", "/"])
    above, below = (flow.parts[wire.source] for wire in quotient.wires)
    assert (above.label, below.label, [wire.mark for wire in below.wires]) == ("1-", "+", ["", "-"])
    assert flow.parts[flow.following[1]] == Part("function", "=", "", (), ("x",))


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_the_same_cell_gives_the_same_bytes(tmp_path: Path, ending: str) -> None:
    for name in ("one", "two"):
        draw_cell(Peephole(3, 7), tmp_path / f"{name}.{ending}")
    assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_drawing_without_a_file_is_a_figure() -> None:
    width, height = draw_cell(CELLS["LSTM"](3, 7)).get_size_inches()
    assert 3 < width < 7
    assert 2 < height < 6


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"it must end in \.svg, \.png or \.pdf|no name for a drawing"):
        draw_cell(CELLS["LSTM"](3, 7), tmp_path / "lstm.gif")
    assert not list(tmp_path.iterdir())


def test_a_step_that_depends_on_values_says_why() -> None:
    class Choosy(Cell):
        def step(self, x: Tensor, h: Tensor) -> Tensor:
            return h if h.sum() > 0 else -h

    with pytest.raises(UntraceableError, match="depends on values"):
        draw_cell(Choosy(3, 7))


@st.composite
def diagrams(draw: st.DrawFn) -> tuple[list[Box], list[tuple[int, int]]]:
    """Boxes as drawings have them: one to three states, then parts that read earlier ones, then the states again."""
    states = draw(st.integers(1, 3))
    boxes = [Box((), 0.0, 1, 1, first=True) for _ in range(states)]
    for _ in range(draw(st.integers(1, 9))):
        sources = draw(st.lists(st.integers(0, len(boxes) - 1), max_size=3, unique=True))
        leaves = draw(st.booleans()) or not sources
        half = 2 if len(sources) > 2 else draw(st.integers(1, 2))
        room = draw(st.sampled_from([0.0, 1.5]))
        boxes.append(Box(tuple(sources), 0.5 * half, half, half + 3 * leaves, room, closed=leaves))
    pairs = [(state, len(boxes) + state) for state in range(states)]
    ends = [draw(st.integers(0, len(boxes) - 1)) for _ in pairs]
    return boxes + [Box((end,), 0.0, 1, 1, last=True) for end in ends], pairs


@given(diagrams())
def test_boxes_and_wires_keep_apart(diagram: tuple[list[Box], list[tuple[int, int]]]) -> None:
    boxes, pairs = diagram
    layout = arrange(boxes, pairs)
    assert layout == arrange(boxes, pairs)
    check_places(boxes, layout)
    wires = [(index, wire) for index, box in enumerate(boxes) for wire in range(len(box.sources))]
    assert [(route.target, route.wire) for route in layout.routes] == wires
    for route in layout.routes:
        box, (x, y) = boxes[route.target], layout.centres[route.target]
        start, end = route.points[0], route.points[-1]
        source_x, source_y = layout.centres[route.source]
        assert start == pytest.approx((source_x + boxes[route.source].width / 2, source_y))
        ways = {"left": (x - box.width / 2, end[1]), "top": (x, y + box.up * GRID), "bottom": (x, y - box.down * GRID)}
        assert end == pytest.approx(ways[route.port])
        assert y - box.up * GRID <= end[1] <= y + box.up * GRID or route.port == "bottom"
        assert not (route.port == "bottom" and box.closed)
        for (a, b), (c, d) in itertools.pairwise(route.points):
            assert (a == pytest.approx(c)) != (b == pytest.approx(d)), "a piece is level or upright"
            assert a <= c + 1e-9, "wires do not turn back"
            check_free(boxes, layout, {route.source, route.target}, (a, b, c, d))


def check_places(boxes: list[Box], layout: Layout) -> None:
    for index, box in enumerate(boxes):
        assert all(layout.columns[source] < layout.columns[index] for source in box.sources)
    for one, two in itertools.combinations(range(len(boxes)), 2):
        (x, y), (u, v) = layout.centres[one], layout.centres[two]
        if layout.columns[one] == layout.columns[two]:
            low, high = (one, two) if y < v else (two, one)
            assert abs(y - v) >= (boxes[low].up + boxes[high].down) * GRID
        else:
            apart = abs(x - u) - (boxes[one].width + boxes[two].width) / 2
            assert apart > 0


def check_free(boxes: list[Box], layout: Layout, own: set[int], piece: tuple[float, float, float, float]) -> None:
    """A piece of a wire touches no box but its own."""
    a, b, c, d = piece
    for index, (box, (x, y)) in enumerate(zip(boxes, layout.centres, strict=True)):
        if index in own or not box.width:
            continue
        beside = max(a, c) <= x - box.width / 2 + 1e-9 or min(a, c) >= x + box.width / 2 - 1e-9
        clear = max(b, d) <= y - box.down * GRID + 1e-9 or min(b, d) >= y + box.up * GRID - 1e-9
        assert beside or clear, f"a wire of {own} crosses box {index}"
