"""Stackable recurrent cell."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class STAR(Cell):
    r"""Stackable recurrent cell (Turkoglu, D'Aronco, Wegner and Schindler 2019).

        n_t = tanh(W_n x_t + b_n)                              candidate, the paper's z
        k_t = sigmoid(W_k x_t + U_k h_{t-1} + b_k)             gate
        h_t = tanh((1 - k_t) * h_{t-1} + k_t * n_t)

    Made to keep gradients of one size through time and through many layers. With the gate shut h still shrinks,
    by its tanh.
    Differences from the paper: the biases start as in all cells.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (2 * input + hidden + 2 * bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1911.11033; doi:10.1109/TPAMI.2021.3064878
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.n = self.gate(recurrence=None)
        self.k = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        n = self.drop(self.phi(self.n(x)))
        k = self.sigma(self.k(x, h))
        return self.phi((1 - k) * h + k * n)
