"""The first long short-term memory, without a forget gate."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


def squashed_to_two(a: Tensor) -> Tensor:
    """The paper's g (its equation 5): a logistic function from -2 to 2."""
    return 4 * torch.sigmoid(a) - 2


def squashed_to_one(a: Tensor) -> Tensor:
    """The paper's h (its equation 4): a logistic function from -1 to 1."""
    return 2 * torch.sigmoid(a) - 1


class OriginalLSTM(Cell):
    r"""Long short-term memory as first published, without a forget gate (Hochreiter and Schmidhuber 1997).

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)            input gate
        g_t = tanh   (W_g x_t + U_g h_{t-1} + b_g)            candidate
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)            output gate
        c_t = c_{t-1} + i_t * g_t                             cell state
        h_t = o_t * tanh(c_t)                                 output

    The cell state adds up what it takes in and forgets nothing: errors flow along it unchanged for ever, and
    it can grow without bound.
    Differences from the paper: with scaled_logistic the squashing functions are the paper's, 4 sigmoid - 2 in the
    candidate and 2 sigmoid - 1 at the output, else tanh; every unit has gates of its own (blocks of one cell); gates
    do not see other gates (see FullGateRecurrenceLSTM); gradients are not truncated.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 3 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        scaled_logistic: squash by the paper's functions; phi otherwise.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: doi:10.1162/neco.1997.9.8.1735
    """

    states = ("h", "c")

    def __init__(
        self, input_size: int, hidden_size: int, *, scaled_logistic: bool = False, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.squash_in = squashed_to_two if scaled_logistic else self.phi
        self.squash_out = squashed_to_one if scaled_logistic else self.phi
        self.i = self.gate()
        self.g = self.gate()
        self.o = self.gate()

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        i = self.sigma(self.i(x, h))
        g = self.drop(self.squash_in(self.g(x, h)))
        o = self.sigma(self.o(x, h))
        c = c + i * g
        return o * self.squash_out(c), c
