"""The recurrent network of one gate over an embedded input."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class MinimalRNN(Cell):
    r"""Minimal recurrent network (Chen 2017).

        z_t = tanh(W_z x_t + b_z)                             embedded input
        u_t = sigmoid(W_u z_t + U_u h_{t-1} + b_u)            update gate
        h_t = u_t * h_{t-1} + (1 - u_t) * z_t

    The state is a weighted mean of embedded inputs, so that it stays in a space that can be read.
    Differences from the paper: its embedding Phi may be any network; here it is one layer.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + 2 * hidden + 2 * bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1711.06788
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate(recurrence=None)
        self.u = self.gate(hidden_size)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = self.phi(self.z(x))
        u = self.sigma(self.u(z, h))
        return u * h + (1 - u) * self.drop(z)
