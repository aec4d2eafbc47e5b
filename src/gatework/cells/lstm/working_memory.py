"""Long short-term memory whose gates read the cell state through a learned, squashed map."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class WMCLSTM(Cell):
    r"""Long short-term memory with working memory connections (Landi et al. 2021).

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + tanh(U_ic c_{t-1}) + b_i)       input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + tanh(U_fc c_{t-1}) + b_f)       forget gate
        g_t = tanh   (W_g x_t + U_g h_{t-1} + b_g)                            candidate
        c_t = f_t * c_{t-1} + i_t * g_t                                       cell state
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + tanh(U_oc c_t) + b_o)           output gate, sees the new c
        h_t = o_t * tanh(c_t)                                                 output

    Peepholes with a matrix, whose tanh keeps a large cell state from driving the gates.
    Differences from the paper: b_f starts at 1. torchrecurrent's has a bias within these tanh.
    Equals: LSTM where U_ic, U_fc and U_oc are zero.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 4 * hidden * (input + hidden + bias) + 3 * hidden * hidden
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``; phi squashes the connections too.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2109.00020; doi:10.1016/j.neunet.2021.08.030
    """

    states = ("h", "c")

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.i = self.gate()
        self.f = self.gate(start=forget_bias)
        self.g = self.gate()
        self.o = self.gate()
        self.ic = self.gate(0, bias=False)
        self.fc = self.gate(0, bias=False)
        self.oc = self.gate(0, bias=False)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        i = self.sigma(self.i(x, h) + self.phi(self.ic(e=c)))
        f = self.sigma(self.f(x, h) + self.phi(self.fc(e=c)))
        g = self.drop(self.phi(self.g(x, h)))
        c = f * c + i * g
        o = self.sigma(self.o(x, h) + self.phi(self.oc(e=c)))
        return o * self.phi(c), c
