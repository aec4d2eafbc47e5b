"""What holds for every cell: found without a list, documented as science, open to cells of one's own."""

from __future__ import annotations

import ast
import gc
import inspect
import re
from pathlib import Path

import pytest
import torch

from gatework import cells, engine
from gatework.cells import CELLS, Cell, Gate, cell_name, find_cell
from gatework.errors import InputError
from gatework.testing import evaluated, parameters_are_as_many_as_documented

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


@pytest.fixture(params=CELLS.values(), ids=CELLS.keys())
def cls(request: pytest.FixtureRequest) -> type[Cell]:
    return request.param


@pytest.mark.parametrize("input_size", [I, H])
@pytest.mark.parametrize("bias", [True, False])
def test_docstring_counts_the_parameters(cls, bias, input_size):
    assert re.search(r"^ *Parameters: ", cls.__doc__, re.MULTILINE)
    parameters_are_as_many_as_documented(cls(input_size, H, bias=bias))


def test_docstring_is_science(cls):
    text = cls.equations()
    assert re.search(r"^    h_t = ", text, re.MULTILINE), "no equation of h_t"
    paper = r"doi:10\.\d+/\S+|arXiv:\d{4}\.\d+|proceedings\.mlr\.press/v\d+/\w+"  # ICML gives no doi
    assert re.search(rf"^Reference: .*({paper})", text, re.MULTILINE), "no paper"
    (shapes,) = re.findall(r"^Shapes:\n    (.*)$", text, re.MULTILINE)
    x, *groups = re.findall(r"([\w, ]+?) \(batch, ([^)]+)\)", shapes)
    assert x == ("x", "input")
    cell = cls(I, H)
    widths = {name: evaluated(width, cell) for names, width in groups for name in names.strip().split(", ")}
    assert widths == dict(zip(cell.states, cell.state_sizes, strict=True))
    (arguments,) = re.findall(r"^Args:\n((?:    .*\n)+)", text, re.MULTILINE)
    documented = re.findall(r"^    (\w+):", arguments, re.MULTILINE)
    assert documented_in_order(documented, list(inspect.signature(cls).parameters))
    assert re.search(r"\b(19|20)\d\d\b", text.splitlines()[0]), "no year in the first line"


def documented_in_order(documented: list[str], parameters: list[str]) -> bool:
    return sorted(documented) == sorted(parameters) and documented[:2] == parameters[:2]


def test_equations_name_every_gate(cls):
    """A letter of the code is the letter of the docstring: W_i belongs to ``self.i``, W_i[l] to ``self.i[l]``."""
    named = set(re.findall(r"\b[WU]_(\w+)\b", cls.equations()))
    gates = {name.split(".")[0] for name, _ in cls(I, H).gates()}
    assert named == gates or (not named and len(gates) == 1)


def test_every_cell_of_the_folder_is_found():
    folder = Path(inspect.getfile(cells)).parent
    written = [
        node.name
        for path in folder.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Cell" for base in node.bases)
    ]
    assert sorted(written) == sorted(CELLS)  # none twice
    assert {"Elman", "GRU", "GRUResetAfter", "LSTM"} <= set(written)
    assert all(getattr(cells, name) is cls for name, cls in CELLS.items())
    assert set(CELLS) <= set(cells.__all__)


def test_no_cell_is_derived_from_another(cls):
    assert cls.__bases__ == (Cell,)


def test_names(cls):
    for spelling in (cell_name(cls), cls.__name__, cell_name(cls).upper(), cell_name(cls).replace("-", "_")):
        assert find_cell(spelling) is cls


def test_a_name_of_two_cells_is_refused_and_the_last_of_ones_own_wins():
    def own(name: str) -> type[Cell]:
        return type(name, (Cell,), {"step": lambda self, x, h: h})

    kept = [own("Mine"), own("Mine"), own("Fastgrnn")]
    assert find_cell("mine") is kept[1]
    with pytest.raises(
        InputError, match=r"'fastgrnn' is a published cell and also .*Fastgrnn: give your class another"
    ):
        find_cell("fastgrnn")
    kept.clear()
    gc.collect()


def test_names_are_words():
    assert {cell_name(cls) for cls in CELLS.values()} >= {"elman", "gru", "gru-reset-after", "lstm"}


@pytest.mark.parametrize(("name", "remedy"), [("lstn", "did you mean 'lstm'?"), ("gru-reset", "'gru-reset-after'")])
def test_a_near_miss_is_told(name, remedy):
    with pytest.raises(InputError) as caught:
        find_cell(name)
    assert caught.value.cause == f"there is no cell {name!r}"
    assert remedy in caught.value.remedy


def test_a_far_miss_gets_the_list():
    with pytest.raises(InputError, match=r"choose from (\S+, )*elman, (\S+, )*gru, "):
        find_cell("transformer")


def test_forward_takes_one_step_from_zeros(make_cell):
    cell = make_cell()
    x = torch.randn(B, I)
    zeros = [torch.zeros(B, H) for _ in cell.states]
    stepped = cell.step(x, *zeros)
    first = stepped if isinstance(stepped, tuple) else (stepped,)
    state = cell(x)
    assert state._fields == cell.states
    assert all(map(torch.equal, state, first))


class Leaky(Cell):
    """A leaky integrator with a fast and a slow state: h = tanh(A x + B s), s = (1 - a) s + a h."""

    states = ("h", "slow")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.drive = Gate(input_size, hidden_size)
        self.rate = torch.nn.Parameter(torch.full((hidden_size,), 0.25))

    def step(self, x, h, slow):
        h = torch.tanh(self.drive(x, slow))
        return h, (1 - self.rate) * slow + self.rate * h


def test_a_cell_of_ones_own_runs():
    cell = Leaky(I, H)
    x = torch.randn(T, B, I)
    result = engine.run(cell, x, every_state=True)
    h = slow = torch.zeros(B, H)
    for t in range(T):
        h = torch.tanh(x[t] @ cell.drive.W.T + slow @ cell.drive.U.T + cell.drive.b)
        slow = 0.75 * slow + 0.25 * h
        torch.testing.assert_close(result.outputs[t], h)
        torch.testing.assert_close(result.states.slow[t], slow)
    assert result.state._fields == ("h", "slow")
    assert [name for name, _ in cell.gates()] == ["drive"]


def test_states_may_have_widths_of_their_own():
    class Projected(Cell):
        states = ("h", "wide")
        state_sizes = (H, 11)

        def step(self, x, h, wide):
            wide = 0.5 * wide + x.sum(1, keepdim=True)
            return wide[:, :H], wide

    result = engine.run(Projected(I, H), torch.ones(T, B, I))
    assert result.state.wide.shape == (B, 11)
    torch.testing.assert_close(result.outputs[-1], torch.full((B, H), 3 * (2 - 0.5 ** (T - 1))))


def test_a_cell_without_equations_says_so():
    class Empty(Cell):
        states = ("h", "c")

    with pytest.raises(TypeError, match=r"^Empty does not define step\(self, x, h, c\)$"):
        Empty(I, H)(torch.zeros(B, I))
