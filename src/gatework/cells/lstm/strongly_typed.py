"""Long short-term memory whose gates look at inputs alone."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class TLSTM(Cell):
    r"""Strongly typed LSTM: gates see this input and the last, never the state (Balduzzi and Ghifary 2016).

        z_t = W_z x_t + U_z x_{t-1} + b_z                     candidate
        f_t = sigmoid(W_f x_t + U_f x_{t-1} + b_f)            forget gate
        o_t = tanh   (W_o x_t + U_o x_{t-1} + b_o)            output gate
        c_t = f_t * c_{t-1} + (1 - f_t) * z_t                 cell state
        h_t = c_t * o_t                                       output
        v_t = x_t                                             the input, for the next step

    The state is never multiplied by a matrix, so that its units keep their meaning: c is a running average of
    candidates. It is linear in the state. The letters V and W of the paper are U and W here.
    Differences from the paper: b_f starts at 1.

    Shapes:
        x (batch, input); h, c (batch, hidden); v (batch, input).
        Parameters: 3 * hidden * (2 * input + bias)
    Args:
        input_size: width of x and v.
        hidden_size: width of h and c.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1602.02218
    """

    states = ("h", "c", "v")

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate(state_size=input_size)
        self.f = self.gate(state_size=input_size, start=forget_bias)
        self.o = self.gate(state_size=input_size)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The width of each state: v is as wide as x."""
        return (self.hidden_size, self.hidden_size, self.input_size)

    def step(self, x: Tensor, h: Tensor, c: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        z = self.drop(self.z(x, v))
        f = self.sigma(self.f(x, v))
        o = self.phi(self.o(x, v))
        c = f * c + (1 - f) * z
        return c * o, c, x
