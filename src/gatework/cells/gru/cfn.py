"""Chaos-free network."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class CFN(Cell):
    r"""Chaos-free network (Laurent and von Brecht 2016).

        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)             horizontal gate, the paper's theta
        i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)             vertical gate, the paper's eta
        n_t = tanh(W_n x_t)                                    candidate
        h_t = f_t * tanh(h_{t-1}) + i_t * n_t

    Without input every state goes to zero: there is no chaos, whatever the weights.
    Differences from the paper: the biases start as in all cells.
    torchrecurrent's CFN has a bias in the candidate.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias) + hidden * input
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1612.06212
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.f = self.gate()
        self.i = self.gate()
        self.n = self.gate(recurrence=None, bias=False)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.f(x, h))
        i = self.sigma(self.i(x, h))
        n = self.drop(self.phi(self.n(x)))
        return f * self.phi(h) + i * n
