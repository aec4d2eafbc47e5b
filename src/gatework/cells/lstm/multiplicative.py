"""Long short-term memory whose recurrent weights depend on the input."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class MultiplicativeLSTM(Cell):
    r"""Multiplicative LSTM: each input chooses its own recurrent weights (Krause et al. 2016).

        m_t = (W_mx x_t) * (U_mh h_{t-1})                     intermediate state
        i_t = sigmoid(W_i x_t + U_i m_t + b_i)                input gate
        f_t = sigmoid(W_f x_t + U_f m_t + b_f)                forget gate
        g_t = tanh   (W_g x_t + U_g m_t + b_g)                candidate
        o_t = sigmoid(W_o x_t + U_o m_t + b_o)                output gate
        c_t = f_t * c_{t-1} + i_t * g_t                       cell state
        h_t = o_t * tanh(c_t)                                 output

    The recurrent matrix of a gate is U_i diag(W_mx x_t) U_mh, another one for each input.
    Differences from the paper: the gates have biases, where its equations show none (bias=False); b_f starts at 1.
    torchrecurrent's has a bias in U_mh h_{t-1} too.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 4 * hidden * (input + hidden + bias) + hidden * (input + hidden)
    Args:
        input_size: width of x.
        hidden_size: width of h, c and m.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1609.07959
    """

    states = ("h", "c")

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.mx = self.gate(recurrence=None, bias=False)
        self.mh = self.gate(0, bias=False)
        self.i = self.gate()
        self.f = self.gate(start=forget_bias)
        self.g = self.gate()
        self.o = self.gate()

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        m = self.mx(x) * self.mh(e=h)
        i = self.sigma(self.i(x, m))
        f = self.sigma(self.f(x, m))
        g = self.drop(self.phi(self.g(x, m)))
        o = self.sigma(self.o(x, m))
        c = f * c + i * g
        return o * self.phi(c), c
