"""torch.nn's way to store the weights of a layer: all gates of a kind in one matrix, two biases a gate."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gatework.cells.cell import Cell, TorchForm
from gatework.cells.gate import Gate


def form_of(cell: Cell) -> TorchForm:
    """How torch.nn orders the gates of a cell that equals one of its own.

    Raises:
        ValueError: torch.nn has no such cell.
    """
    form = cell.torch_form()
    if form is None:
        raise ValueError(f"torch.nn has no module that equals {type(cell).__name__} with these options")
    return form


def from_torch(cell: Cell, weights: Sequence[Tensor]) -> dict[str, Tensor]:
    """The cell's parameters by name, as views of torch.nn's where they are stored alike.

    Args:
        cell: one that equals a module of torch.nn.
        weights: weight_ih, weight_hh and, if the cell has biases, bias_ih and bias_hh of one layer and direction.
    """
    form = form_of(cell)
    names = {gate: name for name, gate in cell.gates()}
    found = {f"{names[gate]}.W": part for gate, part in _parts(form.input_gates, weights[0])}
    found |= {f"{names[gate]}.U": part for gate, part in _parts(form.recurrent_gates, weights[1])}
    if len(weights) > 2:
        biases = dict(_parts(form.input_gates, weights[2]))
        for gate, part in _parts(form.recurrent_gates, weights[3]):
            biases[gate] = biases[gate] + part if gate in biases else part
        found |= {f"{names[gate]}.b": part for gate, part in biases.items()}
    return found


def to_torch(cell: Cell) -> list[Tensor]:
    """weight_ih, weight_hh and, if the cell has biases, bias_ih and bias_hh, which is zero where b is one sum."""
    form = form_of(cell)
    weights = [_joined(form.input_gates, "W"), _joined(form.recurrent_gates, "U")]
    if form.input_gates[0].b is not None:
        second = [
            torch.zeros_like(gate.b) if gate in form.input_gates else gate.b
            for gate in form.recurrent_gates
            if gate.b is not None
        ]
        weights += [_joined(form.input_gates, "b"), torch.cat(second)]
    return weights


def _parts(gates: Sequence[Gate], joined: Tensor) -> list[tuple[Gate, Tensor]]:
    return list(zip(gates, joined.chunk(len(gates)), strict=True))


def _joined(gates: Sequence[Gate], parameter: str) -> Tensor:
    return torch.cat([getattr(gate, parameter) for gate in gates])
