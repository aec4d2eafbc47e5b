"""Long short-term memory with exponential gates."""

from __future__ import annotations

from typing import Literal, Unpack

import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.cells.activations import identity
from gatework.cells.cell import Cell, CellOptions


class SLSTM(Cell):
    r"""sLSTM of xLSTM: exponential gates, a normaliser and a stabiliser (Beck et al. 2024).

        z_t = tanh(W_z x_t + U_z h_{t-1} + b_z)                       cell input
        log i_t =  W_i x_t + U_i h_{t-1} + b_i                        input gate
        log f_t =  log sigmoid(W_f x_t + U_f h_{t-1} + b_f)           forget gate, if forget="sigmoid"
        log f_t =  W_f x_t + U_f h_{t-1} + b_f                        if forget="exp"
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)                    output gate
        m_t = max(log f_t + m_{t-1}, log i_t)                         stabiliser
        i'_t = exp(log i_t - m_t)
        f'_t = exp(log f_t + m_{t-1} - m_t)
        c_t = f'_t * c_{t-1} + i'_t * z_t                             cell state, scaled by exp(-m_t)
        n_t = f'_t * n_{t-1} + i'_t                                   normaliser, scaled by exp(-m_t)
        h_t = o_t * c_t / n_t                                         output

    An exponential input gate can outweigh all that was stored before. The stabiliser keeps its exponents at or below
    zero and cancels from h: the stored c and n are those of the paper's equations 8 and 9 times exp(-m).
    The heads of the paper are recurrence="block" with heads.
    A state from outside must have n > 0, or be zero in all parts.
    Differences from the paper: b_f starts at 1.

    Shapes:
        x (batch, input); h, c, n, m (batch, hidden).
        Parameters: 4 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h, c, n and m.
        forget: the activation function of the forget gate, ``"sigmoid"`` or ``"exp"``; the paper allows both.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2405.04517
    """

    states = ("h", "c", "n", "m")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        forget: Literal["sigmoid", "exp"] = "sigmoid",
        forget_bias: float = 1.0,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if forget not in ("sigmoid", "exp"):
            raise ValueError(f"forget must be 'sigmoid' or 'exp', not {forget!r}")
        self.log_forget = F.logsigmoid if forget == "sigmoid" else identity
        self.z = self.gate()
        self.i = self.gate()
        self.f = self.gate(start=forget_bias)
        self.o = self.gate()

    def step(  # type: ignore[override]
        self, x: Tensor, h: Tensor, c: Tensor, n: Tensor, m: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """One step of the equations above."""
        z = self.drop(self.phi(self.z(x, h)))
        log_i = self.i(x, h)
        log_f_m = self.log_forget(self.f(x, h)) + m
        log_f_m = torch.where(n == 0, log_i, log_f_m)  # nothing is remembered yet, so that f has no effect
        o = self.sigma(self.o(x, h))
        m = torch.maximum(log_f_m, log_i)
        i, f = torch.exp(log_i - m), torch.exp(log_f_m - m)
        c = f * c + i * z
        n = f * n + i
        return o * (c / n), c, n, m
