"""Single steps against the cell itself."""

from __future__ import annotations

import copy
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from foreign_cells import (
    MGU,
    Carousel,
    Deep,
    LayerNormLSTM,
    MultiplicativeLSTM,
    Mutant,
    Peephole,
    Projected,
    SlowAndFast,
)

from gatework.cells import GRU, LSTM, Cell, Elman, GRUResetAfter
from gatework.engine import run, stepper
from gatework.engine.stepper import Stepper
from gatework.errors import EngineError

CELLS = [LSTM, GRU, GRUResetAfter, Elman, MGU, Carousel, Deep, LayerNormLSTM, MultiplicativeLSTM, Mutant, Peephole]
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


@pytest.mark.parametrize("cell", [LSTM, GRU, MGU, LayerNormLSTM])
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
