"""The simple recurrent network with one gate that shares the input's product."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class SGRN(Cell):
    r"""Simple gated recurrent network (Zu and Wei 2021).

        f_t = sigmoid(W_x x_t + U_f h_{t-1} + b_f)            forget gate
        h_t = tanh((1 - f_t) * (W_x x_t) + f_t * h_{t-1})

    One matrix for the input, one for the state: as many parameters as an Elman network.
    Differences from the paper: not compared with its print, which is not free; the equations are those of the
    package RecurrentLayers.jl, whose sibling torchrecurrent adds a bias to the input's product.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: doi:10.1049/gtd2.12056
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.x = self.gate(recurrence=None, bias=False)
        self.f = self.gate(0)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        seen = self.x(x)
        f = self.sigma(seen + self.f(e=h))
        return self.phi((1 - f) * seen + f * h)
