"""Light recurrent unit."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class LightRU(Cell):
    r"""Light recurrent unit (Ye, Zhang, Liu, Li, Chang and Zheng 2024).

        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)             forget gate
        n_t = tanh(W_n x_t)                                    candidate
        h_t = (1 - f_t) * h_{t-1} + f_t * n_t

    The state reaches the gate only; the candidate sees the input alone. The paper calls it LRU, which is another
    cell's name by now.
    Differences from the paper: none known; we have its equations from RecurrentLayers.jl.
    torchrecurrent's LightRU has a bias in the candidate.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (2 * input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: doi:10.3390/electronics13163204
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.f = self.gate()
        self.n = self.gate(recurrence=None, bias=False)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        f = self.sigma(self.f(x, h))
        n = self.drop(self.phi(self.n(x)))
        return (1 - f) * h + f * n
