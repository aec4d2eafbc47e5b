"""The scan engine: which cells it takes, that it equals the loop, and how steps are scanned."""

from __future__ import annotations

import itertools

import pytest
import torch
from comparing import compare
from foreign_cells import Carousel, Independent
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from gatework.cells import GRU, LRU, LSTM, QRNN, RGLRU, SRU, Cell, Elman, Gate, MinGRU, MinLSTM
from gatework.engine import ENGINES, Noise, checked_call, plan, recurrence, run, scan
from gatework.engine.recurrence import recurrence as recur
from gatework.errors import EngineError

PUBLISHED = [MinGRU, MinLSTM, SRU, QRNN, LRU, RGLRU]


class Shifts(Cell):
    """A register that shifts, and a sum that only sometimes adds: states that need no scan, and a choice."""

    states = ("h", "early", "late")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.g = Gate(input_size, hidden_size, recurrence=None)

    def step(self, x: Tensor, h: Tensor, early: Tensor, late: Tensor) -> tuple[Tensor, ...]:
        g = self.g(x)
        return torch.where(g > 0, h / (1 + g * g) - late, -h), g, early


class Matrix(Cell):
    """A product of states that were scanned, a state that never changes, and two that feed each other."""

    states = ("h", "a", "b", "still")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.f = Gate(input_size, hidden_size, recurrence=None)
        self.o = Gate(input_size, hidden_size)
        self.p = nn.Parameter(torch.randn(hidden_size) / 2)
        self.scale = nn.Parameter(torch.tensor(0.7))

    def step(self, x: Tensor, h: Tensor, a: Tensor, b: Tensor, still: Tensor) -> tuple[Tensor, ...]:
        f = torch.sigmoid(self.f(x))
        old = a
        a = f * b + self.p
        b = self.p * old - 2 * f * (b - 0.25 * old) * self.scale
        return torch.tanh(self.o(x, old * b)) - a.mean(-1, keepdim=True), a, b, still


class Inputless(Cell):
    """Coefficients that are the same at all steps: a decay that is learned."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.f = Gate(0, hidden_size, recurrence="diagonal")
        self.w = Gate(input_size, hidden_size, recurrence=None)

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return self.f(e=h) + self.w(x)


CELLS = [*PUBLISHED, Shifts, Matrix, Inputless]


@pytest.fixture(autouse=True)
def _poisoned():
    """Fresh memory is NaN: whoever reads what nobody wrote fails."""
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture(params=[True, False], ids=["kernel", "halved"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a compiler and without."""
    if not request.param:
        monkeypatch.setattr(recurrence, "compiler", lambda: None)


pytestmark = pytest.mark.usefixtures("_both_ways")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("cell", CELLS)
def test_equals_the_loop(cell: type[Cell], dtype: torch.dtype) -> None:
    compare(cell(3, 7), engine="scan", dtype=dtype, every_state=True)


@pytest.mark.parametrize(("time", "batch"), [(1, 2), (2, 1), (300, 1), (17, 3)])
@pytest.mark.parametrize("cell", CELLS)
def test_equals_the_loop_at_any_size(cell: type[Cell], time: int, batch: int) -> None:
    compare(cell(2, 5), engine="scan", time=time, batch=batch)


@pytest.mark.parametrize("cell", [LRU, SRU])
def test_equals_the_loop_where_threads_share_the_units(cell: type[Cell]) -> None:
    compare(cell(30, 70), engine="scan", time=31, batch=37, dtype=torch.float32)


@pytest.mark.parametrize("cell", CELLS)
def test_lengths_and_resets(cell: type[Cell]) -> None:
    resets = torch.rand(6, 5) < 0.3
    lengths = torch.tensor([6, 0, 3, 1, 6])
    compare(cell(3, 7), engine="scan", time=6, batch=5, lengths=lengths)
    compare(cell(3, 7), engine="scan", time=6, batch=5, resets=resets, initial=True)
    more = {"lengths": lengths, "resets": resets, "initial": True, "every_state": True}
    compare(cell(3, 7), engine="scan", time=6, batch=5, **more)


def test_options_of_cells() -> None:
    for pooling, window in itertools.product(("f", "fo", "ifo"), (1, 2)):
        compare(QRNN(3, 7, pooling=pooling, window=window), engine="scan", every_state=True)
    compare(MinGRU(3, 7, activation="positive", layer_norm=True, bias=False), engine="scan")
    compare(SRU(3, 7, activation="softplus", gate_activation="hard_sigmoid"), engine="scan")
    compare(LRU(3, 7, recurrence="diagonal", layer_norm=True), engine="scan")
    compare(LRU(3, 6, recurrence="block", heads=2), engine="scan")


def test_a_row_that_grows_does_not_spoil_what_lies_past_its_length() -> None:
    """Two to the power of all steps is infinite; of the row's own it is not."""

    class Doubling(Cell):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.w = Gate(input_size, hidden_size, recurrence=None)

        def step(self, x: Tensor, h: Tensor) -> Tensor:
            return 2 * h + self.w(x)

    compare(Doubling(3, 7), engine="scan", time=2000, batch=1, lengths=torch.tensor([9]))


@pytest.mark.parametrize("cell", PUBLISHED)
def test_streaming_gives_the_same_numbers(cell: type[Cell]) -> None:
    model = cell(7, 7).double()
    x = torch.randn(50, 2, 7, dtype=torch.float64)
    state = model.initial_state(2)
    scanned = run(model, x, state, engine="scan", every_state=True)
    for t, x_t in enumerate(x):
        state = model.tick(x_t, state)
        for whole, streamed in zip(scanned.states, state, strict=True):
            torch.testing.assert_close(whole[t], streamed, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(scanned.state, state, rtol=1e-12, atol=1e-12)


def test_second_derivatives() -> None:
    cell = LRU(2, 3).double()
    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    parameters = list(cell.parameters())

    def outputs(x: Tensor, *values: Tensor) -> Tensor:
        return ENGINES["scan"].run(checked_call(cell, x)).outputs.sin()

    assert gradgradcheck(outputs, (x, *parameters))


def constant(*shape: int) -> Tensor:
    return (torch.randn(*shape, dtype=torch.float64) / 2).requires_grad_()


@pytest.mark.parametrize(("n", "time"), [(1, 1), (1, 6), (2, 5), (3, 4)])
def test_the_recurrence_has_the_right_derivatives(n: int, time: int) -> None:
    """Some coefficients for each step, some the same at all."""
    A = [constant(time if k % 2 else 1, 2, 3) for k in range(n * n)]
    rest = [*(constant(time, 2, 3) for _ in range(n)), *(constant(2, 3) for _ in range(n))]

    def states(*given: Tensor) -> tuple[Tensor, ...]:
        rows = [given[i * n : (i + 1) * n] for i in range(n)]
        return recur(rows, given[n * n : n * n + n], given[n * n + n :])

    s = [part.detach() for part in rest[n:]]
    for t, values in enumerate(zip(*states(*A, *rest), strict=True)):
        now = [[A[i * n + j][t if len(A[i * n + j]) > 1 else 0] for j in range(n)] for i in range(n)]
        s = [rest[i][t] + sum(now[i][j] * s[j] for j in range(n)) for i in range(n)]
        torch.testing.assert_close(values, tuple(s))
    assert gradcheck(states, (*A, *rest))


def test_long_products_of_coefficients_fade_without_harm() -> None:
    """What underflows is forgotten; logarithms or quotients of such products would be infinite."""
    a = torch.full((5000, 1, 3), 0.01)
    (s,) = recur([[a]], [torch.ones(5000, 1, 3)], [torch.full((1, 3), 1e30)])
    torch.testing.assert_close(s[100:], torch.full((4900, 1, 3), 1 / 0.99))


def refusal(cell: Cell) -> str | None:
    return scan.refuses(checked_call(cell, torch.zeros(9, 2, cell.input_size)))


class Square(Cell):
    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return 0.5 * h * h


class Detached(Cell):
    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return h.detach() + 1


class Average(Cell):
    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return h.mean(-1, keepdim=True) + 0 * h


class Chosen(Cell):
    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return torch.where(h > 0, 0.5 * h, h)


class Quotient(Cell):
    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return 1 / h


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        (LSTM(3, 7), "next h is not linear in the state, unit by unit: gate i multiplies a state by a matrix"),
        (GRU(3, 7), "next h is not linear in the state, unit by unit: gate z multiplies a state by a matrix"),
        (Elman(3, 7, activation="identity"), "gate h multiplies a state by a matrix"),
        (Independent(3, 7), "unit by unit: less_equal, line 50 of foreign_cells.py: return torch.relu(self.h(x, h))"),
        (Carousel(3, 7), "unit by unit: tanh, line 129 of foreign_cells.py: return f * h"),
        (SRU(7, 7, light=True), "sigmoid, line 64 of sru.py: f = self.sigma(self.f(x, seen))"),
        (Square(3, 7), "unit by unit: mul, line "),
        (Detached(3, 7), "unit by unit: detach, line "),
        (Average(3, 7), "unit by unit: row_sum, line "),
        (Chosen(3, 7), "unit by unit: less, line "),
        (Quotient(3, 7), "unit by unit: div, line "),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Cell) else "",
)
def test_what_is_not_linear_is_refused_by_name(cell: Cell, why: str) -> None:
    assert why in str(refusal(cell))
    with pytest.raises(EngineError, match=r"^engine 'scan' cannot run this \(the next h is not linear"):
        run(cell, torch.zeros(9, 2, cell.input_size), engine="scan")


def test_states_are_scanned_in_the_order_in_which_they_follow() -> None:
    orders = {cell: [group.states for group in scan.scannable(cell(3, 7)).linear.groups] for cell in CELLS}
    assert orders[MinGRU] == [(0,)]
    assert orders[SRU] == [(1,), (0,)]
    assert orders[LRU] == [(1, 2), (0,)]
    assert orders[Shifts] == [(1,), (2,), (0,)]
    assert orders[Matrix] == [(3,), (1, 2), (0,)]
    recurs = {cell: [group.recurs for group in scan.scannable(cell(3, 7)).linear.groups] for cell in CELLS}
    assert recurs[LRU] == [True, False]
    assert recurs[Shifts] == [False, False, True]


def test_a_changed_option_is_seen() -> None:
    cell = SRU(7, 7)
    assert refusal(cell) is None
    cell.light = True
    cell.f, cell.r = (Gate(7, 7, recurrence="diagonal") for _ in range(2))
    assert "sigmoid" in str(refusal(cell))


def test_what_needs_the_loop_is_refused() -> None:
    cell = MinGRU(3, 7)
    assert refusal(cell) is None
    with torch.autocast("cpu"):
        assert refusal(cell) == "autocast is on"
    cell.z.register_forward_hook(lambda *_: None)
    assert refusal(cell) == "a hook watches one of its gates"
    mixed = MinGRU(3, 7)
    mixed.h.double()
    assert refusal(mixed) == "it computes in one type, not in torch.float32, torch.float64"


@pytest.mark.parametrize(
    ("cell", "time", "batch", "engine"),
    [
        (MinGRU(128, 128), 64, 1, "compiled"),
        (LRU(128, 128), 64, 1, "scan"),
        (LRU(128, 128), 64, 2, "compiled"),
        (LRU(16, 16), 64, 1, "compiled"),
        (LRU(128, 128), 7, 1, "compiled"),
        (LSTM(128, 128), 64, 1, "compiled"),
    ],
)
def test_auto_scans_what_is_measured_faster(cell: Cell, time: int, batch: int, engine: str) -> None:
    assert plan(checked_call(cell, torch.randn(time, batch, cell.input_size))).engine.name == engine


def test_without_a_compiler_auto_scans_all_that_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ENGINES["compiled"], "refuses", lambda call: "there is no C compiler")
    for cell, time, engine in ((MinGRU(3, 7), 8, "scan"), (MinGRU(3, 7), 7, "loop"), (Elman(3, 7), 8, "native")):
        assert plan(checked_call(cell, torch.randn(time, 2, 3))).engine.name == engine


def noise(cell: Cell, time: int, batch: int, share: bool) -> Noise:
    """Every kind that there is."""
    sizes = cell.state_sizes
    return Noise(
        recurrent={width: torch.randint(0, 2, (batch, width)) * 2.0 for width in {*sizes, cell.hidden_size}},
        candidate=torch.randint(0, 2, (batch, cell.hidden_size)) * 2.0,
        zoneout=tuple(0.25 if share else torch.rand(time, batch, size) < 0.3 for size in sizes),
    )


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_noise(cell: type[Cell], share: bool) -> None:
    model = cell(3, 7).double()
    x = torch.randn(6, 5, 3, dtype=torch.float64, requires_grad=True)
    options = {"noise": noise(model, 6, 5, share), "lengths": torch.tensor([6, 0, 3, 1, 6]), "every_state": True}
    found = []
    for engine in ("scan", "loop"):
        result = run(model, x, engine=engine, **options)
        loss = sum(part.sin().sum() for part in result.states)
        found.append((*result.states, *result.state, *torch.autograd.grad(loss, [x, *model.parameters()])))
    torch.testing.assert_close(*found, rtol=1e-10, atol=1e-10)
