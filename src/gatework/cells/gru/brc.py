"""Bistable recurrent cells: memory in single units, as in neurons."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class BRC(Cell):
    r"""Bistable recurrent cell (Vecoven, Ernst and Drion 2020).

        a_t = 1 + tanh(W_a x_t + U_a * h_{t-1} + b_a)          feedback, between 0 and 2
        c_t = sigmoid(W_c x_t + U_c * h_{t-1} + b_c)           update gate
        n_t = tanh(W_n x_t + a_t * h_{t-1} + b_n)              candidate
        h_t = c_t * h_{t-1} + (1 - c_t) * n_t

    A unit excites itself: for a > 1 it has two stable states and so keeps one bit for ever, for a <= 1 one. U_a and
    U_c are vectors: a unit sees no other.
    Differences from the paper: the biases, of which it writes none; without them, bias=False.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 3 * hidden * (input + bias) + 2 * hidden
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2006.05252; doi:10.1371/journal.pone.0252676
    """

    fixed = CellOptions(recurrence="diagonal", heads=1)

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.a = self.gate()
        self.c = self.gate()
        self.n = self.gate(recurrence=None)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        a = 1 + torch.tanh(self.a(x, h))
        c = self.sigma(self.c(x, h))
        n = self.drop(self.phi(self.n(x) + a * h))
        return c * h + (1 - c) * n


class NBRC(Cell):
    r"""Recurrently neuromodulated bistable recurrent cell (Vecoven, Ernst and Drion 2020).

        a_t = 1 + tanh(W_a x_t + U_a h_{t-1} + b_a)          feedback, between 0 and 2
        c_t = sigmoid(W_c x_t + U_c h_{t-1} + b_c)           update gate
        n_t = tanh(W_n x_t + a_t * h_{t-1} + b_n)            candidate
        h_t = c_t * h_{t-1} + (1 - c_t) * n_t

    A BRC whose feedback and gate see all units.
    Differences from the paper: the biases, of which it writes none; without them, bias=False.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 3 * hidden * (input + bias) + 2 * hidden * hidden
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2006.05252; doi:10.1371/journal.pone.0252676
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.a = self.gate()
        self.c = self.gate()
        self.n = self.gate(recurrence=None)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        a = 1 + torch.tanh(self.a(x, h))
        c = self.sigma(self.c(x, h))
        n = self.drop(self.phi(self.n(x) + a * h))
        return c * h + (1 - c) * n
