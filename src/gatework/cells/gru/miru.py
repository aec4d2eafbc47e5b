"""Minion recurrent units: constants where a GRU has gates."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class MiRU1(Cell):
    r"""Minion recurrent unit with a reset gate (Zyarah and Kudithipudi 2025).

        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)             reset gate
        n_t = tanh   (W_n x_t + U_n (r_t * h_{t-1}) + b_n)     candidate
        h_t = update * h_{t-1} + (1 - update) * n_t

    A GRU whose update gate is a constant, the paper's lambda.
    Differences from the paper: none known; we have its equations from torchrecurrent, which it equals.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        update: how much of h stays.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2503.06175; doi:10.1016/j.neucom.2026.132847
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        update: float = 0.5,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.update = update
        self.r = self.gate()
        self.n = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        r = self.sigma(self.r(x, h))
        n = self.drop(self.phi(self.n(x, r * h)))
        return self.update * h + (1 - self.update) * n


class MiRU2(Cell):
    r"""Minion recurrent unit without gates (Zyarah and Kudithipudi 2025).

        n_t = tanh(W_n x_t + U_n (reset * h_{t-1}) + b_n)      candidate
        h_t = update * h_{t-1} + (1 - update) * n_t

    A GRU whose gates are constants, the paper's beta and lambda; since U_n could hold the first, a leaky network.
    Differences from the paper: none known; we have its equations from torchrecurrent, which it equals.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        update: how much of h stays.
        reset: how much of h the candidate sees.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2503.06175; doi:10.1016/j.neucom.2026.132847
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        update: float = 0.5,
        reset: float = 0.5,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.update = update
        self.reset = reset
        self.n = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        n = self.drop(self.phi(self.n(x, self.reset * h)))
        return self.update * h + (1 - self.update) * n
