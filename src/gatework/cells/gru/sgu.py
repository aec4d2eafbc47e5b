"""Simple gated units: the input and the state gate each other multiplicatively, shallow and deep."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.cells.cell import Cell, CellOptions


class SGU(Cell):
    r"""Simple gated unit (Gao and Glowacka 2016).

        x'_t = W_x x_t + b_x
        g_t = tanh(U_g (x'_t * h_{t-1}))                       multiplicative gate
        o_t = softplus(g_t * h_{t-1})                          candidate
        z_t = hard_sigmoid(W_z x_t + U_z h_{t-1} + b_z)        update gate
        h_t = (1 - z_t) * h_{t-1} + z_t * o_t

    The state is only ever multiplied by what the input gives, so that h near 0 moves towards softplus(0) = log 2.
    Differences from the paper: none known. The hard sigmoid is clamp(a / 6 + 1/2), as in torch; where it is
    clamp(a / 5 + 1/2), as in Keras at the time of the paper, W_z, U_z and b_z are 5/6 of ours.
    Equals: Chainer's SGU with these hard sigmoids, but for its bias b_g.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; the gate activation is ``"hard_sigmoid"`` unless said.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1604.02910; proceedings.mlr.press/v63/gao30
    """

    defaults = CellOptions(gate_activation="hard_sigmoid")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.x = self.gate(recurrence=None)
        self.g = self.gate(0, bias=False)
        self.z = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        g = self.phi(self.g(e=self.x(x) * h))
        o = self.drop(F.softplus(g * h))
        z = self.sigma(self.z(x, h))
        return (1 - z) * h + z * o


class DSGU(Cell):
    r"""Deep simple gated unit (Gao and Glowacka 2016).

        x'_t = W_x x_t + b_x
        g_t = tanh(U_g (x'_t * h_{t-1}))                       multiplicative gate
        o_t = sigmoid(U_o (g_t * h_{t-1}))                     candidate
        z_t = hard_sigmoid(W_z x_t + U_z h_{t-1} + b_z)        update gate
        h_t = (1 - z_t) * h_{t-1} + z_t * o_t

    An SGU with one more product, in front of the candidate's activation. h stays between 0 and 1 if it starts there.
    Differences from the paper: none known; of the hard sigmoid see ``SGU``.
    Equals: Chainer's DSGU with these hard sigmoids, but for its biases b_g and b_o.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias) + hidden * hidden
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; the gate activation is ``"hard_sigmoid"`` unless said.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1604.02910; proceedings.mlr.press/v63/gao30
    """

    defaults = CellOptions(gate_activation="hard_sigmoid")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.x = self.gate(recurrence=None)
        self.g = self.gate(0, bias=False)
        self.o = self.gate(0, bias=False)
        self.z = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        g = self.phi(self.g(e=self.x(x) * h))
        o = self.drop(torch.sigmoid(self.o(e=g * h)))
        z = self.sigma(self.z(x, h))
        return (1 - z) * h + z * o
