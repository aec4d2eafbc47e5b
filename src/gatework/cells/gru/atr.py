"""Addition-subtraction twin-gated recurrent network."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class ATR(Cell):
    r"""Addition-subtraction twin-gated recurrent network (Zhang, Xiong, Su, Lin and Zhang 2018).

        p_t = W_p x_t + b_p                                    the input
        q_t = U_q h_{t-1} + b_q                                the state
        i_t = sigmoid(p_t + q_t)                               input gate
        f_t = sigmoid(p_t - q_t)                               forget gate
        h_t = i_t * p_t + f_t * h_{t-1}

    Two matrices make both gates and the candidate: the least a gated cell can have.
    Differences from the paper: the biases; without them, bias=False.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + 2 * bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1810.12546; doi:10.18653/v1/D18-1459
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.p = self.gate(recurrence=None)
        self.q = self.gate(0)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        p = self.p(x)
        q = self.q(e=h)
        i = self.sigma(p + q)
        f = self.sigma(p - q)
        return i * self.drop(p) + f * h
