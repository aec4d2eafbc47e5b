"""The simple recurrent network of Elman."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from gatework.cells.cell import Cell, TorchForm
from gatework.cells.gate import Gate

_ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "logistic": torch.sigmoid}


class Elman(Cell):
    r"""Simple recurrent network (Elman 1990).

        h_t = f(W x_t + U h_{t-1} + b)        f: tanh, relu or logistic

    Every step multiplies the error that flows back by U^T diag(f'), so that over many steps it
    vanishes or explodes: the reason for all gated cells.
    Differences from the paper: Elman used the logistic function; the default here is tanh.
    Equals: torch.nn.RNN with b = b_ih + b_hh, for tanh and relu.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        activation: ``"tanh"``, ``"relu"`` or ``"logistic"``.
        bias: whether there is a b.
    Raises:
        ValueError: a size is not positive, or the activation has another name.
    Reference: doi:10.1207/s15516709cog1402_1
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        activation: Literal["tanh", "relu", "logistic"] = "tanh",
        bias: bool = True,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if activation not in _ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(_ACTIVATIONS)}, not {activation!r}")
        self.activation = activation
        self.h = Gate(input_size, hidden_size, bias=bias)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equation above."""
        return _ACTIVATIONS[self.activation](self.h(x, h))

    def torch_form(self) -> TorchForm | None:
        """torch.nn.RNN, which has no logistic function."""
        if self.activation == "logistic":
            return None
        return TorchForm("rnn_tanh" if self.activation == "tanh" else "rnn_relu", (self.h,), (self.h,))
