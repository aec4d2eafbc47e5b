"""The strongly typed recurrent network: gate and candidate see the input only. Its kin are TGRU and TLSTM."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class TRNN(Cell):
    r"""Strongly typed recurrent network (Balduzzi and Ghifary 2016).

        z_t = W_z x_t
        f_t = sigmoid(W_f x_t + b_f)
        h_t = f_t * h_{t-1} + (1 - f_t) * z_t

    The state is a running mean of features of the input: all products can be done before the first step.
    Differences from the paper: none; its V is W_f. The package torchrecurrent adds a bias to z.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (2 * input + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; there is no recurrent matrix.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1602.02218
    """

    fixed = CellOptions(recurrence=None, heads=1)

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate(bias=False)
        self.f = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = self.drop(self.z(x))
        f = self.sigma(self.f(x))
        return f * h + (1 - f) * z
