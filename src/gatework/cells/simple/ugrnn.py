"""The recurrent network with one update gate, and the one whose output is gated against its input."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.activations import activation
from gatework.cells.cell import Cell, CellOptions


class UGRNN(Cell):
    r"""Update gate recurrent network (Collins, Sohl-Dickstein and Sussillo 2016).

        c_t = tanh   (W_c x_t + U_c h_{t-1} + b_c)            candidate
        g_t = sigmoid(W_g x_t + U_g h_{t-1} + b_g)            update gate
        h_t = g_t * h_{t-1} + (1 - g_t) * c_t

    The least that an Elman network needs to keep its state: one gate, half of a GRU's.
    Differences from the paper: b_g starts at 1; there its initial value is searched for.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        forget_bias: the initial value of b_g.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1611.09913
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.c = self.gate()
        self.g = self.gate(start=forget_bias)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        c = self.drop(self.phi(self.c(x, h)))
        g = self.sigma(self.g(x, h))
        return g * h + (1 - g) * c


class IntersectionRNN(Cell):
    r"""Intersection recurrent network, +RNN (Collins, Sohl-Dickstein and Sussillo 2016).

        p_t = relu   (W_p x_t + U_p h_{t-1} + b_p)            candidate of the output
        n_t = tanh   (W_n x_t + U_n h_{t-1} + b_n)            candidate of the state
        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)            gate in depth
        g_t = sigmoid(W_g x_t + U_g h_{t-1} + b_g)            gate in time
        y_t = r_t * (W_x x_t) + (1 - r_t) * p_t               output
        h_t = g_t * h_{t-1} + (1 - g_t) * n_t                 state

    Gates both ways, to the next step and to the next layer, so that deep stacks train.
    Differences from the paper: its letters are y^in, h^in, g^y, g^h for p, n, r, g; where input and hidden size
    are equal W_x is absent (x_t itself, as in the paper), else it is learned.

    Shapes:
        x (batch, input); y, h (batch, hidden).
        Parameters: 4 * hidden * (input + hidden + bias) + hidden * input * (input != hidden)
    Args:
        input_size: width of x.
        hidden_size: width of y and h.
        forget_bias: the initial value of b_r and b_g.
        depth_activation: the function of the output's candidate, by name.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1611.09913
    """

    states = ("y", "h")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        forget_bias: float = 1.0,
        depth_activation: str = "relu",
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.depth_phi = activation(depth_activation)
        self.p = self.gate()
        self.n = self.gate()
        self.r = self.gate(start=forget_bias)
        self.g = self.gate(start=forget_bias)
        self.x = None if input_size == hidden_size else self.gate(recurrence=None, bias=False)

    def step(self, x: Tensor, y: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above; the old y is not seen."""
        p = self.depth_phi(self.p(x, h))
        n = self.drop(self.phi(self.n(x, h)))
        r = self.sigma(self.r(x, h))
        g = self.sigma(self.g(x, h))
        through = x if self.x is None else self.x(x)
        return r * through + (1 - r) * p, g * h + (1 - g) * n
