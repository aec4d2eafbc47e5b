"""Long short-term memory with a shortcut from its input to its output."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions
from gatework.cells.lstm.peephole import Peephole, make_peepholes


class ResidualLSTM(Cell):
    r"""Residual LSTM: the input takes a shortcut to the gated output (Kim, El-Khamy and Lee 2017).

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i)            input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f * c_{t-1} + b_f)            forget gate
        g_t = tanh   (W_g x_t + U_g h_{t-1} + b_g)                            candidate
        c_t = f_t * c_{t-1} + i_t * g_t                                       cell state
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                output gate, sees the new c
        h_t = o_t * (U_m tanh(c_t) + W_s x_t)                                 projection and shortcut
        h_t = o_t * (U_m tanh(c_t) + x_t)                                     if input and hidden are equal

    In a stack the shortcut carries a layer's input past its memory, so that the depth of a stack and the
    length of a sequence have paths of their own.
    Differences from the paper: b_f starts at 1. torchrecurrent's learns W_s whatever the sizes.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 4*hidden*(input + hidden + bias) + 3*hidden + hidden*hidden + (input != hidden) * hidden*input
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``; recurrence is not that of U_m, which is dense.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1701.03360
    """

    states = ("h", "c")
    p_i: Peephole
    p_f: Peephole
    p_o: Peephole

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.i = self.gate()
        self.f = self.gate(start=forget_bias)
        self.g = self.gate()
        self.o = self.gate()
        self.m = self.gate(0, recurrence="dense", bias=False)
        self.s = None if input_size == hidden_size else self.gate(recurrence=None, bias=False)
        make_peepholes(self, hidden_size, "ifo")

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        i = self.sigma(self.i(x, h) + self.p_i(c))
        f = self.sigma(self.f(x, h) + self.p_f(c))
        g = self.drop(self.phi(self.g(x, h)))
        c = f * c + i * g
        o = self.sigma(self.o(x, h) + self.p_o(c))
        shortcut = x if self.s is None else self.s(x)
        return o * (self.m(e=self.phi(c)) + shortcut), c
