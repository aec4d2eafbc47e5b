"""Long short-term memory whose forget gate is its input gate too."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class CoupledLSTM(Cell):
    r"""Long short-term memory with coupled gates: what is forgotten makes room for the new (Greff et al. 2015).

        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)            forget gate
        g_t = tanh   (W_g x_t + U_g h_{t-1} + b_g)            candidate
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)            output gate
        c_t = f_t * c_{t-1} + (1 - f_t) * g_t                 cell state
        h_t = o_t * tanh(c_t)                                 output

    The cell state is a running average of the candidates and stays between -1 and 1.
    Differences from the paper: f is the gate and i = 1 - f, where its CIFG has f = 1 - i (negate W, U and b); no
    peepholes, which GreffLSTM(variant="CIFG") has; b_f starts at 1.
    Equals: LSTM whose input gate has the parameters of its forget gate, negated.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 3 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1503.04069
    """

    states = ("h", "c")

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.f = self.gate(start=forget_bias)
        self.g = self.gate()
        self.o = self.gate()

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.f(x, h))
        g = self.drop(self.phi(self.g(x, h)))
        o = self.sigma(self.o(x, h))
        c = f * c + (1 - f) * g
        return o * self.phi(c), c
