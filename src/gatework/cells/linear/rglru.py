"""Real-gated linear recurrent unit."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.cells.cell import Cell, CellOptions


class RGLRU(Cell):
    r"""Real-gated linear recurrent unit, the recurrence of Griffin and Hawk (De et al. 2024).

        r_t = sigmoid(W_r x_t + b_r)                          recurrence gate
        i_t = sigmoid(W_i x_t + b_i)                          input gate
        a_t = sigmoid(Lambda)^(c r_t)                         c = 8
        h_t = a_t * h_{t-1} + sqrt(1 - a_t^2) * (i_t * v_t)   v_t = x_t, or W_v x_t where input != hidden

    A real diagonal recurrence whose decay the input can only slow down; sqrt(1 - a^2) keeps the size of h.
    Lambda starts so that sigmoid(Lambda)^c is uniform between 0.9 and 0.999.
    Differences from the paper: none; its code has block-diagonal W_r and W_i, and bounds the root's derivative.
    Equals: no module of torch.nn.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input * (2 + (input != hidden)) + 2 * bias + 1)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; no recurrent product and no phi to choose.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2402.19427
    """

    POWER = 8.0  # the paper's c

    fixed = CellOptions(recurrence=None, heads=1)

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.r = self.gate(recurrence=None)
        self.i = self.gate(recurrence=None)
        self.v = self.gate(recurrence=None, bias=False) if input_size != hidden_size else None
        self.Lambda = nn.Parameter(torch.empty(hidden_size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the gates anew, and Lambda as the paper does."""
        super().reset_parameters()
        with torch.no_grad():
            log_a = torch.empty_like(self.Lambda).uniform_(0.9, 0.999).log_() / self.POWER
            self.Lambda.copy_(log_a - torch.log(-torch.expm1(log_a)))

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        r = self.sigma(self.r(x))
        i = self.sigma(self.i(x))
        v = x if self.v is None else self.v(x)
        log_a = -self.POWER * r * F.softplus(-self.Lambda)
        return torch.exp(log_a) * h + torch.sqrt(-torch.expm1(2 * log_a)) * self.drop(i * v)  # 1 - a^2, exact near 0
