"""The gated recurrent units of teaching material: a hidden state h, and a memory c beside it."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class TwoStateGRUOneGate(Cell):
    r"""Teaching form of the gated recurrent unit (Cho et al. 2014): one gate, a memory beside the state.

        u_t = sigmoid(W_u x_t + U_u h_{t-1} + b_u)             update gate
        h_t = tanh   (W_h x_t + U_h h_{t-1} + b_h)             hidden state
        c_t = (1 - u_t) * c_{t-1} + u_t * h_t                  memory, the output

    An Elman network h, and an average c of its states whose window the gate sets. Gate and candidate look at the
    last h and never at c: what c keeps is there for the output and does not come back into the recurrence.
    Both are states: c is the first, the output; h is the second, which ``every_state`` gives too.
    Differences from the paper: a GRU has one state, c for h on the right of all equations, and a reset gate. We found
    this form in no paper; where it is taught, its weights are written with two letters, the gate's and the operand's.

    Shapes:
        x (batch, input); c, h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of c and h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1406.1078, of the GRU that it simplifies
    """

    states = ("c", "h")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.u = self.gate()
        self.h = self.gate()

    def step(self, x: Tensor, c: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        u = self.sigma(self.u(x, h))
        h = self.drop(self.phi(self.h(x, h)))
        return (1 - u) * c + u * h, h


class TwoStateGRU(Cell):
    r"""Teaching form of the gated recurrent unit (Cho et al. 2014): two gates, a memory beside the state.

        u_t = sigmoid(W_u x_t + U_u h_{t-1} + b_u)             update gate
        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)             reset gate
        h_t = tanh   (W_h x_t + U_h (r_t * h_{t-1}) + b_h)     hidden state
        c_t = (1 - u_t) * c_{t-1} + u_t * h_t                  memory, the output

    As ``TwoStateGRUOneGate``, of which it has the states and the source, with the reset gate of a GRU.
    Differences from the paper: a GRU has one state, c for h on the right of all equations.

    Shapes:
        x (batch, input); c, h (batch, hidden).
        Parameters: 3 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of c and h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1406.1078, of the GRU that it simplifies
    """

    states = ("c", "h")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.u = self.gate()
        self.r = self.gate()
        self.h = self.gate()

    def step(self, x: Tensor, c: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        u = self.sigma(self.u(x, h))
        r = self.sigma(self.r(x, h))
        h = self.drop(self.phi(self.h(x, r * h)))
        return (1 - u) * c + u * h, h
