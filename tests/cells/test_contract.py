"""The public contract holds for every published cell, with the options that all cells share."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import CELLS
from gatework.testing import check_cell


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_keeps_the_contract(name):
    cell = CELLS[name](3, 7)
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    check_cell(cell)
