"""The recurrent network with a slow context beside its hidden state."""

from __future__ import annotations

import math
from typing import Unpack

import torch
from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions


class SCRN(Cell):
    r"""Structurally constrained recurrent network (Mikolov, Joulin, Chopra, Mathieu and Ranzato 2014).

        s_t = (1 - alpha) * W_s x_t + alpha * s_{t-1}                     context, slow
        h_t = sigmoid(U_p s_t + W_h x_t + U_h h_{t-1} + b_h)              hidden, fast

    The context is a running mean of the inputs: part of the recurrent matrix held near the identity.
    Differences from the paper: b_h, which it has not. Its softmax reads h and s; here s is a state, not the output.
    Not equal: the package torchrecurrent, which feeds back tanh(U h_t + V s_t), the paper's output layer, in place of
    h_t.

    Shapes:
        x (batch, input); h (batch, hidden); s (batch, context_size).
        Parameters: context_size * (input + hidden + learn_alpha) + hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        context_size: width of s; half of the hidden size unless said.
        alpha: the share of the context that stays, between 0 and 1.
        learn_alpha: learn alpha for each context unit (as sigmoid(beta), section 3.3), starting from ``alpha``.
        options: those of every cell, see ``CellOptions``; U_p is dense whatever they say.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1412.7753
    """

    states = ("h", "s")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        context_size: int | None = None,
        alpha: float = 0.95,
        learn_alpha: bool = False,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.context_size = (hidden_size + 1) // 2 if context_size is None else context_size
        if not isinstance(self.context_size, int) or self.context_size < 1:
            raise ValueError(f"context_size must be a positive integer, not {context_size!r}")
        if not 0 < alpha < 1:
            raise ValueError(f"alpha must be between 0 and 1, not {alpha!r}")
        self.alpha = alpha
        self.learn_alpha = learn_alpha
        self.s = self.gate(hidden_size=self.context_size, recurrence=None, bias=False)
        self.p = self.gate(0, state_size=self.context_size, recurrence="dense", bias=False)
        self.h = self.gate()
        self.beta = nn.Parameter(torch.empty(self.context_size)) if learn_alpha else None
        self.reset_parameters()

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The width of h and of s."""
        return (self.hidden_size, self.context_size)

    def reset_parameters(self) -> None:
        """Draw the parameters of all gates anew; beta starts where sigmoid(beta) is alpha."""
        super().reset_parameters()
        if self.beta is not None:
            nn.init.constant_(self.beta, math.log(self.alpha / (1 - self.alpha)))

    def step(self, x: Tensor, h: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        alpha = self.alpha if self.beta is None else torch.sigmoid(self.beta)
        s = (1 - alpha) * self.s(x) + alpha * s
        return self.sigma(self.p(e=s) + self.h(x, h)), s
