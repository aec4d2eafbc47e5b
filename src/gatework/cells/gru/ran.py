"""Recurrent additive network."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class RAN(Cell):
    r"""Recurrent additive network (Lee, Levy and Zettlemoyer 2017).

        g_t = W_g x_t                                          content
        i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)             input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)             forget gate
        c_t = i_t * g_t + f_t * c_{t-1}                        cell state
        h_t = tanh(c_t)                                        output

    The content is linear in the input alone, so that c is a weighted sum of the W_g x of all steps, with weights
    that are products of gates. ``activation="identity"`` is the paper's second form, h = c.
    Differences from the paper: none.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias) + hidden * input
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1705.07393
    """

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.g = self.gate(recurrence=None, bias=False)
        self.i = self.gate()
        self.f = self.gate()

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        g = self.drop(self.g(x))
        i = self.sigma(self.i(x, h))
        f = self.sigma(self.f(x, h))
        c = i * g + f * c
        return self.phi(c), c
