"""Strongly typed gated recurrent unit."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class TGRU(Cell):
    r"""Strongly typed gated recurrent unit (Balduzzi and Ghifary 2016).

        z_t = W_z x_t + U_z x_{t-1} + b_z                      the new
        f_t = sigmoid(W_f x_t + U_f x_{t-1} + b_f)             forget gate
        o_t = tanh   (W_o x_t + U_o x_{t-1} + b_o)             output gate
        h_t = f_t * h_{t-1} + z_t * o_t

    Types, as of physical units: inputs are mixed with inputs and states with states elementwise, nothing maps one
    onto itself again and again. The last input is a state, p.
    Differences from the paper: none; its V are U here.

    Shapes:
        x (batch, input); h (batch, hidden); p (batch, input).
        Parameters: 3 * hidden * (2 * input + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1602.02218; proceedings.mlr.press/v48/balduzzi16
    """

    states = ("h", "p")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate(state_size=input_size)
        self.f = self.gate(state_size=input_size)
        self.o = self.gate(state_size=input_size)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The widths of h and of p, the last input."""
        return (self.hidden_size, self.input_size)

    def step(self, x: Tensor, h: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        z = self.z(x, p)
        f = self.sigma(self.f(x, p))
        o = self.phi(self.o(x, p))
        return f * h + self.drop(z * o), x
