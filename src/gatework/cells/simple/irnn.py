"""The recurrent network of rectified units that starts from the identity."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor

from gatework.cells.cell import Cell, CellOptions, TorchForm


class IRNN(Cell):
    r"""Recurrent network of rectified linear units that starts from the identity (Le, Jaitly and Hinton 2015).

        h_t = relu(W x_t + U h_{t-1} + b),    U = scale * I at the start

    At the start it adds up its inputs; an error flows back over any number of steps unchanged, until training
    moves U away from the identity.
    Equals: torch.nn.RNN(nonlinearity="relu") with b = b_ih + b_hh.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        scale: what U starts from, times the identity; the paper has 0.01 where short dependencies matter (speech).
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1504.00941
    """

    defaults = CellOptions(activation="relu", init="identity")

    def __init__(
        self, input_size: int, hidden_size: int, *, scale: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if scale <= 0:
            raise ValueError(f"scale must be positive, not {scale!r}")
        self.scale = scale
        self.h = self.gate()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew; U is multiplied by the scale."""
        super().reset_parameters()
        with torch.no_grad():
            self.h.U.mul_(self.scale)  # type: ignore[union-attr]  # this gate has one

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equation above."""
        return self.phi(self.h(x, h))

    def torch_form(self) -> TorchForm | None:
        """torch.nn.RNN with relu."""
        return TorchForm("rnn_relu", (self.h,), (self.h,)) if self.phi is torch.relu else None
