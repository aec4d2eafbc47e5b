"""The simple recurrent network of Elman."""

from __future__ import annotations

from typing import Literal, Unpack

import torch
from torch import Tensor

from gatework.cells.activations import Activation
from gatework.cells.cell import Cell, CellOptions, TorchForm


class Elman(Cell):
    r"""Simple recurrent network (Elman 1990).

        h_t = phi(W x_t + U h_{t-1} + b)

    Every step multiplies the error that flows back by U^T diag(phi'), so that over many steps it
    vanishes or explodes: the reason for all gated cells.
    Differences from the paper: Elman used the logistic function; the default here is tanh.
    Equals: torch.nn.RNN with b = b_ih + b_hh, for tanh and relu.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; the activation may be ``"relu"``, ``"logistic"`` ...
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: doi:10.1207/s15516709cog1402_1
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.h = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equation above."""
        return self.phi(self.h(x, h))

    def torch_form(self) -> TorchForm | None:
        """torch.nn.RNN, which knows tanh and relu."""
        kernels: dict[Activation, Literal["rnn_tanh", "rnn_relu"]] = {torch.tanh: "rnn_tanh", torch.relu: "rnn_relu"}
        kernel = kernels.get(self.phi)
        return None if kernel is None else TorchForm(kernel, (self.h,), (self.h,))
