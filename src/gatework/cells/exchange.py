"""The weights of a cell as torch.nn, Keras and ONNX store them: all gates of a kind in one array, each in its order.

``cell.load_state_dict(from_keras(cell, layer.get_weights()))`` takes over what was trained there, ``to_keras`` goes
back. A bias that a library splits in two is put in the first half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gatework.cells.cell import Cell, TorchForm
from gatework.cells.gate import Gate

_KERAS = {"Elman": "h", "LSTM": "ifgo", "GRU": "zrn", "GRUResetAfter": "zrn"}
_ONNX = {"Elman": "h", "LSTM": "iofg", "GRU": "zrn", "GRUResetAfter": "zrn"}


def from_torch(cell: Cell, weights: Sequence[Tensor]) -> dict[str, Tensor]:
    """The cell's parameters by name, as views where they are stored alike; gradients flow back through them.

    Args:
        cell: one that equals a module of torch.nn.
        weights: weight_ih (gates * hidden, input), weight_hh, if the cell has biases bias_ih and bias_hh, if it
            has a projection weight_hr, of one layer and direction.

    Raises:
        ValueError: torch.nn has no such cell, or a shape does not fit.
    """
    form = _torch_form(cell)
    if form.projection is None:
        return _named(cell, form, *weights)
    return _named(cell, form, *weights[:-1], projection=weights[-1])


def to_torch(cell: Cell) -> list[Tensor]:
    """weight_ih, weight_hh, if the cell has biases bias_ih and bias_hh, and if it has a projection weight_hr.

    Raises:
        ValueError: torch.nn has no such cell.
    """
    return _joined(cell, _torch_form(cell))


def from_keras(cell: Cell, weights: Sequence[Any]) -> dict[str, Tensor]:
    """The cell's parameters by name from ``layer.get_weights()``.

    Args:
        cell: an Elman, LSTM, GRU (``reset_after=False``) or GRUResetAfter, GRUs with ``z_scales="old"``.
        weights: kernel (input, gates * hidden), recurrent kernel and bias as Keras' SimpleRNN, LSTM and GRU have them.

    Raises:
        ValueError: Keras has no such cell, or a shape does not fit.
    """
    kernel, recurrent, *bias = (torch.as_tensor(weight) for weight in weights)
    biases = [] if not bias else [*bias[0]] if bias[0].ndim == 2 else [bias[0], torch.zeros_like(bias[0])]
    return _named(cell, _form(cell, "Keras", _KERAS), kernel.T, recurrent.T, *biases)


def to_keras(cell: Cell) -> list[Any]:
    """NumPy arrays for ``layer.set_weights``: kernel, recurrent kernel and, if the cell has biases, bias.

    Raises:
        ValueError: Keras has no such cell.
    """
    W, U, *biases = (weight.detach() for weight in _joined(cell, _form(cell, "Keras", _KERAS)))
    split = type(cell).__name__ == "GRUResetAfter"
    bias = [torch.stack(biases) if split else biases[0]] if biases else []
    return [weight.numpy() for weight in (W.T.contiguous(), U.T.contiguous(), *bias)]


def from_onnx(cell: Cell, W: Any, R: Any, B: Any = None) -> dict[str, Tensor]:  # the operators' names
    """The cell's parameters by name from the inputs of ONNX's RNN, LSTM and GRU operators, one direction.

    Args:
        cell: an Elman, LSTM, GRU (``linear_before_reset=0``) or GRUResetAfter, GRUs with ``z_scales="old"``.
        W: (gates * hidden, input), or with a leading axis of one direction, as R and B.
        R: (gates * hidden, hidden).
        B: (2 * gates * hidden,), or None.

    Raises:
        ValueError: ONNX has no such cell, or a shape does not fit.
    """
    matrices = [torch.as_tensor(weight).reshape(torch.as_tensor(weight).shape[-2:]) for weight in (W, R)]
    biases = [] if B is None else torch.as_tensor(B).flatten().chunk(2)
    return _named(cell, _form(cell, "ONNX", _ONNX), *matrices, *biases)


def to_onnx(cell: Cell) -> dict[str, Tensor]:
    """The inputs W (1, gates * hidden, input), R and, if the cell has biases, B of the operator.

    Raises:
        ValueError: ONNX has no such cell.
    """
    W, R, *biases = (weight.detach() for weight in _joined(cell, _form(cell, "ONNX", _ONNX)))
    found = {"W": W[None], "R": R[None]}
    return found | {"B": torch.cat(biases)[None]} if biases else found


def _torch_form(cell: Cell) -> TorchForm:
    form = cell.torch_form()
    if form is None:
        raise ValueError(f"torch.nn has no module that equals {type(cell).__name__} with these options")
    return form


def _form(cell: Cell, library: str, orders: dict[str, str]) -> TorchForm:
    """The gates of a cell in the order of a library."""
    order = orders.get(type(cell).__name__)
    if order is None or getattr(cell, "z_scales", "old") != "old":
        raise ValueError(f"{library} has no layer that equals {type(cell).__name__} with these options")
    gates = dict(cell.gates())
    seen = tuple(gates[letter] for letter in order)
    return TorchForm("rnn_tanh", seen, tuple(gate if gate.U is not None else gates["m"] for gate in seen))


def _named(
    cell: Cell, form: TorchForm, W: Tensor, U: Tensor, *biases: Tensor, projection: Tensor | None = None
) -> dict[str, Tensor]:
    names = {gate: name for name, gate in cell.gates()}
    found = {f"{names[gate]}.W": part for gate, part in _parts(form.input_gates, W)}
    found |= {f"{names[gate]}.U": part for gate, part in _parts(form.recurrent_gates, U)}
    if biases:
        sums = dict(_parts(form.input_gates, biases[0]))
        for gate, part in _parts(form.recurrent_gates, biases[1]):
            sums[gate] = sums[gate] + part if gate in sums else part
        found |= {f"{names[gate]}.b": part for gate, part in sums.items()}
    if form.projection is not None and projection is not None:
        found[f"{names[form.projection]}.U"] = projection
    expected = {name: tuple(parameter.shape) for name, parameter in cell.named_parameters()}
    given = {name: tuple(part.shape) for name, part in found.items()}
    if given != expected:
        raise ValueError(f"the weights are of another cell: its parameters are {expected}, these would be {given}")
    return found


def _joined(cell: Cell, form: TorchForm) -> list[Tensor]:
    weights = [_concatenated(form.input_gates, "W"), _concatenated(form.recurrent_gates, "U")]
    if form.input_gates[0].b is not None:
        second = [
            torch.zeros_like(gate.b) if gate in form.input_gates else gate.b
            for gate in form.recurrent_gates
            if gate.b is not None
        ]
        weights += [_concatenated(form.input_gates, "b"), torch.cat(second)]
    if form.projection is not None and form.projection.U is not None:
        weights.append(form.projection.U)
    return weights


def _parts(gates: Sequence[Gate], joined: Tensor) -> list[tuple[Gate, Tensor]]:
    if len(joined) % len(gates):
        raise ValueError(f"{len(joined)} rows cannot be those of {len(gates)} gates")
    return list(zip(gates, joined.chunk(len(gates)), strict=True))


def _concatenated(gates: Sequence[Gate], parameter: str) -> Tensor:
    return torch.cat([getattr(gate, parameter) for gate in gates])
