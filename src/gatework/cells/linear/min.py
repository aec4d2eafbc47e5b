"""Minimal versions of the GRU and the LSTM, whose gates see the input alone."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class MinGRU(Cell):
    r"""Minimal gated recurrent unit (Feng, Tung, Ahmed, Bengio and Hajimirsadegh 2024).

        z_t = sigmoid(W_z x_t + b_z)                          update gate
        n_t = phi(W_h x_t + b_h)                              candidate
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t

    A GRU whose gate and candidate no longer see h: h is linear in h_{t-1}, so that training needs no loop.
    phi is the identity in the paper's section 3; ``"positive"`` is the g of its appendix B, by which h stays
    above 0 and can be scanned in logarithms, as the paper does. We scan h itself and need no sign.
    Differences from the paper: none.
    Equals: no module of torch.nn.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; the activation is ``"identity"`` unless said.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2410.01201
    """

    defaults = CellOptions(activation="identity")

    fixed = CellOptions(recurrence=None, heads=1)

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate(recurrence=None)
        self.h = self.gate(recurrence=None)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = self.sigma(self.z(x))
        n = self.drop(self.phi(self.h(x)))
        return (1 - z) * h + z * n


class MinLSTM(Cell):
    r"""Minimal long short-term memory (Feng, Tung, Ahmed, Bengio and Hajimirsadegh 2024).

        f_t = sigmoid(W_f x_t + b_f)                          forget gate
        i_t = sigmoid(W_i x_t + b_i)                          input gate
        n_t = phi(W_h x_t + b_h)                              candidate
        h_t = f_t / (f_t + i_t) * h_{t-1} + i_t / (f_t + i_t) * n_t

    The gates are made to sum to one, so that the scale of h does not depend on how long it has run.
    phi is the identity, or ``"positive"`` as in the paper's appendix B; see MinGRU.
    Differences from the paper: none.
    Equals: no module of torch.nn.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 3 * hidden * (input + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; the activation is ``"identity"`` unless said.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2410.01201
    """

    defaults = CellOptions(activation="identity")

    fixed = CellOptions(recurrence=None, heads=1)

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.f = self.gate(recurrence=None)
        self.i = self.gate(recurrence=None)
        self.h = self.gate(recurrence=None)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.f(x))
        i = self.sigma(self.i(x))
        n = self.drop(self.phi(self.h(x)))
        total = f + i
        return f / total * h + i / total * n
