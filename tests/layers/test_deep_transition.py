"""Several cells within a step: against the same cells stepped by hand, and the contract of every cell."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import GRU, LSTM, Elman
from gatework.engine import run
from gatework.layers import DeepTransition
from gatework.testing import check_cell

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


@pytest.mark.parametrize("engine", ["compiled", "loop"])
def test_runs_its_cells_one_after_the_other(engine):
    cells = [GRU(I, H), Elman(I, H), GRU(I, H)]
    x, h = torch.randn(T, B, I), torch.zeros(B, H)
    for x_t, output in zip(x, run(DeepTransition(cells), x, engine=engine).outputs, strict=True):
        for cell in cells:
            h = cell.step(x_t, h)
        torch.testing.assert_close(output, h, rtol=1e-12, atol=1e-12)


def test_keeps_the_contract():
    check_cell(DeepTransition([Elman(I, H), GRU(I, H)]))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "a deep transition is made of cells with the one state h"),
        ([GRU(I, H), LSTM(I, H)], "a deep transition is made of cells with the one state h"),
        ([GRU(I, H), GRU(I, 5)], r"have the same sizes, not \[\(3, 5\), \(3, 7\)\]"),
    ],
)
def test_cells_that_do_not_fit(cells, message):
    with pytest.raises(ValueError, match=message):
        DeepTransition(cells)
