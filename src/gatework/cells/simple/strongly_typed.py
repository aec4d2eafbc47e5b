"""Strongly typed recurrent networks: gates and candidates see inputs only, never the state. See also TLSTM."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class TRNN(Cell):
    r"""Strongly typed recurrent network (Balduzzi and Ghifary 2016).

        z_t = W_z x_t
        f_t = sigmoid(W_f x_t + b_f)
        h_t = f_t * h_{t-1} + (1 - f_t) * z_t

    The state is a running mean of features of the input: all products can be done before the first step.
    Differences from the paper: none; its V is W_f.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (2 * input + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; there is no recurrent matrix.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1602.02218
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate(recurrence=None, bias=False)
        self.f = self.gate(recurrence=None)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = self.drop(self.z(x))
        f = self.sigma(self.f(x))
        return f * h + (1 - f) * z


class TGRU(Cell):
    r"""Strongly typed gated recurrent unit (Balduzzi and Ghifary 2016).

        z_t = W_z x_t + U_z x_{t-1} + b_z
        f_t = sigmoid(W_f x_t + U_f x_{t-1} + b_f)
        o_t = tanh   (W_o x_t + U_o x_{t-1} + b_o)
        h_t = f_t * h_{t-1} + z_t * o_t

    A GRU whose gates see the last input where a GRU's see the state; the last input is the state v.
    Differences from the paper: none; its V is U.

    Shapes:
        x (batch, input); h (batch, hidden); v (batch, input).
        Parameters: 3 * hidden * (2 * input + bias)
    Args:
        input_size: width of x and v.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; U is dense whatever they say.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1602.02218
    """

    states = ("h", "v")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate(state_size=input_size, recurrence="dense")
        self.f = self.gate(state_size=input_size, recurrence="dense")
        self.o = self.gate(state_size=input_size, recurrence="dense")

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The width of h and of v."""
        return (self.hidden_size, self.input_size)

    def step(self, x: Tensor, h: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        z = self.z(x, v)
        f = self.sigma(self.f(x, v))
        o = self.phi(self.o(x, v))
        return f * h + self.drop(z * o), x
