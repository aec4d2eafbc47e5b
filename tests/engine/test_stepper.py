"""Single steps against the cell itself."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from foreign_cells import (
    Carousel,
    Deep,
    MinimalGate,
    Multiplicative,
    Mutant,
    Normalised,
    Peephole,
    Projected,
    SlowAndFast,
)

from gatework.cells import GRU, LSTM, Cell, Elman, Gate, GRUResetAfter
from gatework.engine import run, stepper
from gatework.engine.stepper import Stepper
from gatework.errors import EngineError

CELLS = [LSTM, GRU, GRUResetAfter, Elman, MinimalGate, Carousel, Deep, Normalised, Multiplicative, Mutant, Peephole]
CELLS += [Projected, SlowAndFast]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_equal_the_cell(cell: type[Cell], batch: int) -> None:
    torch.manual_seed(0)
    tested = cell(19, 19).double()
    stepper, state = Stepper(tested, batch), tested.initial_state(batch)
    expected = state
    for x in torch.randn(4, batch, 19, dtype=torch.float64):
        state, expected = stepper(x, state), tested(x, expected)
        for found, wanted in zip(state, expected, strict=True):
            torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


def test_changed_weights_are_packed_again() -> None:
    cell, x = LSTM(3, 7), torch.randn(1, 3)
    stepper, state = Stepper(cell), cell.initial_state(1)
    before = stepper(x, state)
    with torch.no_grad():
        cell.o.b.add_(1)
    after = stepper(x, state)
    assert not torch.equal(before.h, after.h)
    torch.testing.assert_close(after.h, cell(x, state).h.detach())


def test_wrong_shapes_are_named() -> None:
    cell = LSTM(3, 7)
    stepper = Stepper(cell)
    with pytest.raises(ValueError, match="x must be"):
        stepper(torch.randn(2, 3), cell.initial_state(1))
    with pytest.raises(ValueError, match="state must be"):
        stepper(torch.randn(1, 3), cell.initial_state(2))


def test_a_cell_that_cannot_be_compiled() -> None:
    class Sorting(Elman):
        def step(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
            return self.h(x, h).sort().values

    with pytest.raises(EngineError, match="sort"):
        Stepper(Sorting(3, 7))


def test_what_the_engine_refuses_is_not_stepped() -> None:
    with pytest.raises(EngineError, match="bfloat16"):
        Stepper(LSTM(3, 7).bfloat16())
    with pytest.raises(EngineError, match="meta"):
        Stepper(LSTM(3, 7).to("meta"))
    cell = LSTM(3, 7)
    stepper, x, state = Stepper(cell), torch.randn(1, 3), cell.initial_state(1)
    with pytest.raises(ValueError, match="on meta"):
        stepper(x.to("meta"), state)
    with pytest.raises(ValueError, match="on meta"):
        stepper(x, cell.State(state.h, state.c.to("meta")))
    with pytest.raises(ValueError, match="float64"):
        stepper(x, cell.State(state.h, state.c.double()))
    handle = cell.f.register_forward_hook(lambda *given: None)
    with pytest.raises(EngineError, match="hook"):
        Stepper(cell)
    handle.remove()
    cell.load_state_dict({name: value.bfloat16() for name, value in cell.state_dict().items()}, assign=True)
    with pytest.raises(EngineError, match="bfloat16"):
        stepper(x, state)


def test_under_autocast_steps_are_computed_in_the_type_of_the_cell() -> None:
    cell = Deep(3, 7)
    x, state = torch.randn(1, 3), cell.initial_state(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Stepper(cell)(x, state)
    torch.testing.assert_close(found.h, cell(x, state).h.detach())


def swapped_gate(cell: Cell) -> None:
    torch.manual_seed(3)
    cell.n = Gate(3, 7).to(cell.n.W.dtype)


COUNTED = {
    "in place": lambda cell: [p.detach().mul_(2) for p in cell.parameters()],
    "assigned": lambda cell: cell.load_state_dict({k: v * 2 for k, v in cell.state_dict().items()}, assign=True),
    "another gate": swapped_gate,
    "a buffer": lambda cell: cell.slope.mul_(3),
    "another buffer": lambda cell: setattr(cell, "slope", torch.tensor(4.0).to(cell.slope)),
    "a tensor": lambda cell: cell.shift.add_(3),
    "another tensor": lambda cell: setattr(cell, "shift", torch.tensor(4.0).to(cell.slope)),
}
UNCOUNTED = {
    "the data of the last": lambda cell: setattr(list(cell.parameters())[-1], "data", torch.ones(7).to(cell.n.b)),
    "an option": lambda cell: setattr(cell, "phi", torch.sigmoid),
    "the data in place": lambda cell: [p.data.mul_(2) for p in cell.parameters()],
    "one number": lambda cell: cell.n.U.data[3, 4].fill_(3),
    "through NumPy": lambda cell: cell.n.W.detach().numpy().fill(0.5),
    "the data of a buffer": lambda cell: cell.slope.data.mul_(3),
}


class Sloped(Cell):
    """Reads a buffer and a tensor that is none."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.n = self.gate()
        self.register_buffer("slope", torch.tensor(0.5, dtype=torch.float64))
        self.shift = torch.tensor(0.1, dtype=torch.float64)

    def step(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return self.phi(self.slope * self.n(x, h) + self.shift)


@pytest.mark.parametrize("change", COUNTED.values(), ids=COUNTED)
def test_a_stepper_sees_every_change_that_pytorch_counts(change: Callable[[Cell], Any]) -> None:
    torch.manual_seed(0)
    cell = Sloped(3, 7).double()
    stepper, x, state = Stepper(cell, 2), torch.randn(2, 3).double(), cell.State(torch.randn(2, 7).double())
    before = stepper(x, state).h
    change(cell)
    after = cell(x, state).h.detach()
    assert not torch.allclose(before, after)
    torch.testing.assert_close(stepper(x, state).h, after)


@pytest.mark.parametrize("change", (COUNTED | UNCOUNTED).values(), ids=COUNTED | UNCOUNTED)
def test_streams_see_every_change(change: Callable[[Cell], Any]) -> None:
    torch.manual_seed(0)
    cell = Sloped(3, 7).double()
    check_streamed(cell)
    change(cell)
    check_streamed(cell)


def test_cells_made_under_inference_mode_are_streamed(packings: list[Cell]) -> None:
    with torch.inference_mode():
        cell = LSTM(3, 7).double()
        check_streamed(cell)
        assert packings == [cell]
        cell.o.b.add_(1)
        check_streamed(cell)
        x, state = torch.randn(1, 3).double(), cell.initial_state(1)
        torch.testing.assert_close(Stepper(cell)(x, state).h, cell(x, state).h)


def test_cells_too_large_to_be_compared_are_left_to_the_loop(packings: list[Cell]) -> None:
    cell, x = Elman(3, 601), torch.randn(1, 2, 3)
    with torch.no_grad():
        for _ in range(2):
            state = cell.initial_state(2)
            torch.testing.assert_close(run(cell, x, state).state, run(cell, x, state, engine="loop").state)
            cell.h.U.data.mul_(2)
    assert not packings


def streamed(cell: Cell, steps: int = 4, batch: int = 2) -> tuple[torch.Tensor, ...]:
    """The states after some single steps through ``run``."""
    state, generator = None, torch.Generator().manual_seed(1)
    with torch.no_grad():
        for x in torch.randn(steps, 1, batch, 3, generator=generator, dtype=torch.float64):
            result = run(cell, x, state)
            state = result.state
            assert torch.equal(result.outputs[0], state[0])
    return state


def expected(cell: Cell, steps: int = 4, batch: int = 2) -> tuple[torch.Tensor, ...]:
    state, generator = cell.initial_state(batch), torch.Generator().manual_seed(1)
    for x in torch.randn(steps, batch, 3, generator=generator, dtype=torch.float64):
        state = cell.tick(x, state)
    return state


def check_streamed(cell: Cell, **sizes: int) -> None:
    for found, wanted in zip(streamed(cell, **sizes), expected(cell, **sizes), strict=True):
        torch.testing.assert_close(found, wanted.detach(), rtol=0, atol=1e-12)


@pytest.fixture
def packings(monkeypatch: pytest.MonkeyPatch) -> list[Cell]:
    """The cells whose weights were packed, one entry a time."""
    packed: list[Cell] = []
    original = stepper.packed_step
    monkeypatch.setattr(stepper, "packed_step", lambda cell, *rest: packed.append(cell) or original(cell, *rest))
    return packed


@pytest.mark.parametrize("cell", [LSTM, GRU, MinimalGate, Normalised])
def test_single_steps_without_gradient_pack_once(cell: type[Cell], packings: list[Cell]) -> None:
    tested = cell(3, 7).double()
    check_streamed(tested, steps=9)
    assert packings == [tested]
    check_streamed(tested, batch=3)
    check_streamed(tested)
    assert packings == [tested, tested]
    tested.eval()
    check_streamed(tested, batch=1)


def test_many_batch_sizes_can_be_streamed(packings: list[Cell]) -> None:
    cell = LSTM(3, 7).double()
    for batch in range(1, 8):
        check_streamed(cell, batch=batch)
    assert len(packings) == 7


def test_streams_see_every_change_of_the_weights() -> None:
    cell = LSTM(3, 7).double()
    check_streamed(cell)
    with torch.no_grad():
        cell.o.b.add_(1)
    check_streamed(cell)
    cell.i.W = torch.nn.Parameter(torch.randn(7, 3, dtype=torch.float64))
    check_streamed(cell)
    cell.load_state_dict(LSTM(3, 7).double().state_dict())
    check_streamed(cell)
    cell.phi = torch.relu
    check_streamed(cell)


def test_a_hook_sees_single_steps_too() -> None:
    cell, seen = LSTM(3, 7).double(), []
    check_streamed(cell)
    cell.f.register_forward_hook(lambda *given: seen.append(given))
    streamed(cell)
    assert len(seen) == 4


def test_single_steps_with_gradient_have_one() -> None:
    cell, x = LSTM(3, 7).double(), torch.randn(1, 2, 3, dtype=torch.float64)
    check_streamed(cell)
    run(cell, x, [torch.ones(2, 7, dtype=torch.float64)] * 2).outputs.sum().backward()
    assert all(gate.W.grad is not None and gate.W.grad.any() for _, gate in cell.gates())
    for parameter in cell.parameters():
        parameter.requires_grad_(False)
    x.requires_grad_()
    run(cell, x, cell.initial_state(2)).outputs.sum().backward()
    assert x.grad is not None
    assert x.grad.any()


def test_single_steps_with_options_heed_them() -> None:
    cell, x = LSTM(3, 7).double(), torch.randn(1, 2, 3, dtype=torch.float64)
    check_streamed(cell)
    state = cell.State(torch.randn(2, 7).double(), torch.randn(2, 7).double())
    with torch.no_grad():
        reset = run(cell, x, state, resets=torch.tensor([[True, False]]))
        short = run(cell, x, state, lengths=torch.tensor([0, 1]))
        every = run(cell, x, state, every_state=True)
        after, fresh = cell(x[0], state), cell(x[0])
    torch.testing.assert_close(reset.state.c, torch.stack([fresh.c[0], after.c[1]]))
    torch.testing.assert_close(short.state.c, torch.stack([state.c[0], after.c[1]]))
    torch.testing.assert_close(every.states.c, after.c[None])


def test_wrong_single_steps_are_named_as_others_are() -> None:
    cell, x = LSTM(3, 7).double(), torch.randn(1, 2, 3, dtype=torch.float64)
    check_streamed(cell)
    state = cell.initial_state(2)
    with torch.no_grad():
        with pytest.raises(ValueError, match="x must be"):
            run(cell, torch.randn(1, 2, 4, dtype=torch.float64), state)
        with pytest.raises(ValueError, match="state h must be"):
            run(cell, x, cell.initial_state(3))
        with pytest.raises(TypeError, match="the cell"):
            run(cell, x.float(), state)
        with pytest.raises(TypeError, match="tuple"):
            run(cell, x, state[:1])


def test_a_stream_keeps_no_cell_alive_and_is_no_part_of_a_copy(packings: list[Cell]) -> None:
    cell = LSTM(3, 7).double()
    check_streamed(cell)
    check_streamed(copy.deepcopy(cell))
    dying = weakref.ref(cell)
    packings.clear()
    del cell
    gc.collect()
    assert dying() is None


def test_several_threads_can_stream_one_cell() -> None:
    cell = LSTM(3, 7).double()
    wanted = streamed(cell, steps=200)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: streamed(cell, steps=200), range(8)):
            torch.testing.assert_close(found, wanted, rtol=0, atol=0)
