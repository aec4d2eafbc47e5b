"""Single steps against the cell itself."""

from __future__ import annotations

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
