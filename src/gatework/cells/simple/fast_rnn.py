"""The recurrent networks for small devices: a residual of two scalars, and the gate made of it."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions


class FastRNN(Cell):
    r"""Recurrent network with a weighted residual connection (Kusupati et al. 2018).

        n_t = tanh(W x_t + U h_{t-1} + b)                                 candidate
        h_t = sigmoid(alpha) * n_t + sigmoid(beta) * h_{t-1}

    Two numbers more than an Elman network: with the first share small and the second near 1, gradients over
    many steps stay well conditioned.
    Differences from the paper: none; its alpha and beta are sigmoid(alpha) and sigmoid(beta), as it parametrizes
    them, starting at -3 and 3 as in its code.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + bias) + 2
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1901.02358
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.n = self.gate()
        self.alpha = nn.Parameter(torch.empty(()))
        self.beta = nn.Parameter(torch.empty(()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the gate's parameters anew; a little of the new, almost all of the old."""
        super().reset_parameters()
        nn.init.constant_(self.alpha, -3.0)
        nn.init.constant_(self.beta, 3.0)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        n = self.drop(self.phi(self.n(x, h)))
        return torch.sigmoid(self.alpha) * n + torch.sigmoid(self.beta) * h


class FastGRNN(Cell):
    r"""Gated recurrent network whose gate and candidate share their matrices (Kusupati et al. 2018).

        a_t = W x_t + U h_{t-1}                                           shared product
        z_t = sigmoid(a_t + b_z)                                          gate
        n_t = tanh   (a_t + b_n)                                          candidate
        h_t = (sigmoid(zeta) * (1 - z_t) + sigmoid(nu)) * n_t + z_t * h_{t-1}

    A gated network at the price of an Elman network.
    Differences from the paper: W and U have full rank and are not sparse or quantised; zeta and nu stand before
    the sigmoid that the paper parametrizes them with, starting at 1 and -4 as in its code.
    Equals: the package torchrecurrent only with gate_activation="tanh", which its gate has unless told otherwise.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + 2 * bias) + 2
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1901.02358
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.a = self.gate(bias=False)
        self.b_z = nn.Parameter(torch.empty(hidden_size)) if self.bias else None
        self.b_n = nn.Parameter(torch.empty(hidden_size)) if self.bias else None
        self.zeta = nn.Parameter(torch.empty(()))
        self.nu = nn.Parameter(torch.empty(()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the gate's parameters anew; the biases start at 1, as in the paper's code."""
        super().reset_parameters()
        for bias in (self.b_z, self.b_n):
            if bias is not None:
                nn.init.ones_(bias)
        nn.init.constant_(self.zeta, 1.0)
        nn.init.constant_(self.nu, -4.0)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        a = self.a(x, h)
        z = self.sigma(a if self.b_z is None else a + self.b_z)
        n = self.drop(self.phi(a if self.b_n is None else a + self.b_n))
        return (torch.sigmoid(self.zeta) * (1 - z) + torch.sigmoid(self.nu)) * n + z * h
