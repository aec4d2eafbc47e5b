"""Cells with random weights, and gates held open or shut, for what follows from the equations then."""

from __future__ import annotations

import torch

from gatework.cells import Cell, Gate

OPEN, SHUT = 1e3, -1e3
"""Biases at which a logistic gate is exactly 1 and 0 in float64."""


def fix(gate: Gate, bias: float) -> None:
    """Make a gate deaf and hold it at a bias."""
    for parameter in (gate.W, gate.U):
        if parameter is not None:
            torch.nn.init.zeros_(parameter)
    assert gate.b is not None
    torch.nn.init.constant_(gate.b, bias)


def randomized(cell: Cell) -> Cell:
    """The cell with weights of which no two are alike, however it initializes itself."""
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return cell
