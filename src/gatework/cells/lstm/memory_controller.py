"""Long short-term memory whose gates are driven by a state of their own, not by the output."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class MemoryControllerLSTM(Cell):
    r"""Memory controller LSTM, MC-LSTM: a control vector drives the gates, the output only predicts (2017).

        f_t = sigmoid(W_f x_t + U_f v_{t-1} + b_f)            forget gate
        i_t = sigmoid(W_i x_t + U_i v_{t-1} + b_i)            input gate
        o_t = sigmoid(W_o x_t + U_o v_{t-1} + b_o)            output gate
        m_t = sigmoid(W_m x_t + U_m v_{t-1} + b_m)            control gate
        n_t = tanh   (W_n x_t + U_n v_{t-1} + b_n)            candidate
        c_t = f_t * c_{t-1} + i_t * n_t                       cell state
        h_t = o_t * tanh(c_t)                                 output
        v_t = m_t * tanh(c_t)                                 control

    An LSTM whose h is split in two: what is told to the outside, and what the gates see.
    Written from the equations in the documentation of torchrecurrent's MCLSTM, which names a workshop paper of NIPS
    2017 that was not at hand; b_f starts at 1.
    Equals: LSTM where the m and o gates have the same weights.

    Shapes:
        x (batch, input); h, v, c (batch, hidden).
        Parameters: 5 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h, v and c.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: "MC-LSTM", NIPS 2017 workshop (no doi); the LSTM that it changes: doi:10.1162/089976600300015015
    """

    states = ("h", "v", "c")

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.f = self.gate(start=forget_bias)
        self.i = self.gate()
        self.o = self.gate()
        self.m = self.gate()
        self.n = self.gate()

    def step(self, x: Tensor, h: Tensor, v: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.f(x, v))
        i = self.sigma(self.i(x, v))
        o = self.sigma(self.o(x, v))
        m = self.sigma(self.m(x, v))
        n = self.drop(self.phi(self.n(x, v)))
        c = f * c + i * n
        return o * self.phi(c), m * self.phi(c), c
