"""Minimal gated units: one gate that forgets and resets, and its reduced forms."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions


class MGU(Cell):
    r"""Minimal gated unit (Zhou, Wu, Zhang and Zhou 2016).

        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)             forget gate
        n_t = tanh   (W_n x_t + U_n (f_t * h_{t-1}) + b_n)     candidate
        h_t = (1 - f_t) * h_{t-1} + f_t * n_t

    A GRU whose reset gate is its update gate: a unit that takes nothing in also sees nothing of itself.
    Differences from the paper: none.
    Equals: Chainer's StatelessMGU. flax's MGUCell is another function: its f scales the old state and resets it
    after the product (flax issue 4608).

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1603.09420; doi:10.1007/s11633-016-1006-2
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.f = self.gate()
        self.n = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.f(x, h))
        n = self.drop(self.phi(self.n(x, f * h)))
        return (1 - f) * h + f * n


class MGU1(Cell):
    r"""Minimal gated unit whose gate does not see the input (Heck and Salem 2017).

        f_t = sigmoid(U_f h_{t-1} + b_f)                       forget gate
        n_t = tanh   (W_n x_t + U_n (f_t * h_{t-1}) + b_n)     candidate
        h_t = (1 - f_t) * h_{t-1} + f_t * n_t

    Differences from the paper: none.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + 2 * hidden + 2 * bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1701.03452
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.f = self.gate(0)
        self.n = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.f(e=h))
        n = self.drop(self.phi(self.n(x, f * h)))
        return (1 - f) * h + f * n


class MGU2(Cell):
    r"""Minimal gated unit whose gate sees nothing but the state, without bias (Heck and Salem 2017).

        f_t = sigmoid(U_f h_{t-1})                             forget gate
        n_t = tanh   (W_n x_t + U_n (f_t * h_{t-1}) + b_n)     candidate
        h_t = (1 - f_t) * h_{t-1} + f_t * n_t

    Differences from the paper: none.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + 2 * hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1701.03452
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.f = self.gate(0, bias=False)
        self.n = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.f(e=h))
        n = self.drop(self.phi(self.n(x, f * h)))
        return (1 - f) * h + f * n


class MGU3(Cell):
    r"""Minimal gated unit whose gate is a bias (Heck and Salem 2017).

        f = sigmoid(b_f)                                       forget gate
        n_t = tanh(W_n x_t + U_n (f * h_{t-1}) + b_n)          candidate
        h_t = (1 - f) * h_{t-1} + f * n_t

    A leaky integrator in which each unit has learned a rate of its own.
    Differences from the paper: none. b_f is there with bias=False too, which takes b_n away.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + bias) + hidden
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1701.03452
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.b_f = nn.Parameter(torch.empty(hidden_size))
        self.n = self.gate()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters of the candidate anew; b_f starts at 0, a rate of a half."""
        super().reset_parameters()
        nn.init.zeros_(self.b_f)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.b_f)
        n = self.drop(self.phi(self.n(x, f * h)))
        return (1 - f) * h + f * n
