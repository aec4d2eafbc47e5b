"""The recurrent cell that a search over architectures found."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class NASCell(Cell):
    r"""The cell found by neural architecture search (Zoph and Le 2017).

        a_t = sigmoid(W_a x_t + U_a h_{t-1} + b_a)
        b_t = relu   (W_b x_t + U_b h_{t-1} + b_b)
        d_t = sigmoid(W_d x_t + U_d h_{t-1} + b_d)
        e_t = relu   ((W_ex x_t) * (U_eh h_{t-1} + b_eh))
        p_t = tanh   (W_p x_t + U_p h_{t-1} + b_p)
        q_t = sigmoid(W_q x_t + U_q h_{t-1} + b_q)
        r_t = tanh   (W_r x_t + U_r h_{t-1} + b_r)
        s_t = sigmoid(W_s x_t + U_s h_{t-1} + b_s)
        c_t = tanh(tanh(a_t * b_t) + c_{t-1}) * tanh(d_t + e_t)                       cell state
        h_t = tanh(c_t * tanh(tanh(p_t * q_t) + sigmoid(r_t + s_t)))                  output

    A tree with eight leaves whose activation functions and operations were chosen by reinforcement learning for
    perplexity on the Penn Treebank.
    Differences from the paper, which draws the cell and gives no equations: they are those of its authors' NASCell in
    TensorFlow, with its leaves 0 to 7 in the order above. torchrecurrent's adds where e_t multiplies.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 8 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        options: those of every cell, see ``CellOptions``; phi is every tanh and sigma every sigmoid.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1611.01578
    """

    states = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.a = self.gate()
        self.b = self.gate()
        self.d = self.gate()
        self.ex = self.gate(recurrence=None, bias=False)
        self.eh = self.gate(0)
        self.p = self.gate()
        self.q = self.gate()
        self.r = self.gate()
        self.s = self.gate()

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        a = self.sigma(self.a(x, h))
        b = torch.relu(self.b(x, h))
        d = self.sigma(self.d(x, h))
        e = torch.relu(self.ex(x) * self.eh(e=h))
        p = self.phi(self.p(x, h))
        q = self.sigma(self.q(x, h))
        r = self.phi(self.r(x, h))
        s = self.sigma(self.s(x, h))
        c = self.phi(self.drop(self.phi(a * b)) + c) * self.phi(d + e)
        return self.phi(c * self.phi(self.phi(p * q) + self.sigma(r + s))), c
