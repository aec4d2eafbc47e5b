"""The three best cells of a search through ten thousand, mutations of the GRU."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class MUT1(Cell):
    r"""Mutated gated recurrent unit, the first of three (Jozefowicz, Zaremba and Sutskever 2015).

        z_t = sigmoid(W_z x_t + b_z)                                   update gate
        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)                     reset gate
        n_t = tanh(U_n (r_t * h_{t-1}) + tanh(x_t) + b_n)              candidate
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t

    The update gate does not see the state.
    Differences from the paper: the bare x in it needs input == hidden. Where they differ, W_x x is in its place,
    a map that is learned (at equal sizes there is no W_x).
    torchrecurrent's MUT1 has tanh(W x + b) at all sizes.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (2 * input + 2 * hidden + 3 * bias) + (input != hidden) * hidden * input
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: proceedings.mlr.press/v37/jozefowicz15
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate(recurrence=None)
        self.r = self.gate()
        self.n = self.gate(0)
        self.x = self.gate(recurrence=None, bias=False) if input_size != hidden_size else None

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = self.sigma(self.z(x))
        r = self.sigma(self.r(x, h))
        direct = x if self.x is None else self.x(x)
        n = self.drop(self.phi(self.n(e=r * h) + self.phi(direct)))
        return (1 - z) * h + z * n


class MUT2(Cell):
    r"""Mutated gated recurrent unit, the second of three (Jozefowicz, Zaremba and Sutskever 2015).

        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z)                     update gate
        r_t = sigmoid(x_t + U_r h_{t-1} + b_r)                         reset gate
        n_t = tanh(W_n x_t + U_n (r_t * h_{t-1}) + b_n)                candidate
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t

    The reset gate sees each input once, in the unit of its number.
    Differences from the paper: the bare x in it needs input == hidden. Where they differ, W_x x is in its place,
    a map that is learned (at equal sizes there is no W_x).
    torchrecurrent's MUT2 has W x + b in r at all sizes, and so is a GRU.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (2 * input + 3 * hidden + 3 * bias) + (input != hidden) * hidden * input
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: proceedings.mlr.press/v37/jozefowicz15
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate()
        self.r = self.gate(0)
        self.n = self.gate()
        self.x = self.gate(recurrence=None, bias=False) if input_size != hidden_size else None

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        direct = x if self.x is None else self.x(x)
        z = self.sigma(self.z(x, h))
        r = self.sigma(direct + self.r(e=h))
        n = self.drop(self.phi(self.n(x, r * h)))
        return (1 - z) * h + z * n


class MUT3(Cell):
    r"""Mutated gated recurrent unit, the third of three (Jozefowicz, Zaremba and Sutskever 2015).

        z_t = sigmoid(W_z x_t + U_z tanh(h_{t-1}) + b_z)               update gate
        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)                     reset gate
        n_t = tanh(W_n x_t + U_n (r_t * h_{t-1}) + b_n)                candidate
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t

    A GRU whose update gate sees the state squashed once more.
    Differences from the paper: none.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 3 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: proceedings.mlr.press/v37/jozefowicz15
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate()
        self.r = self.gate()
        self.n = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = self.sigma(self.z(x, self.phi(h)))
        r = self.sigma(self.r(x, h))
        n = self.drop(self.phi(self.n(x, r * h)))
        return (1 - z) * h + z * n
