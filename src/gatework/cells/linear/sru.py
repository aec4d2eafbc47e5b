"""Simple recurrent unit."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class SRU(Cell):
    r"""Simple recurrent unit (Lei, Zhang and Artzi 2017; Lei, Zhang, Wang, Dai and Artzi 2018).

        f_t = sigmoid(W_f x_t + b_f)                          forget gate
        r_t = sigmoid(W_r x_t + b_r)                          gate of the highway
        c_t = f_t * c_{t-1} + (1 - f_t) * W_c x_t             cell state
        h_t = r_t * phi(c_t) + (1 - r_t) * a * p_t            output; p_t = x_t, or W_p x_t where input != hidden

    Of 2017, arXiv:1709.02755v1, with phi = tanh and a = 1: c is linear in c_{t-1} and can be scanned.
    ``light=True, activation="identity"`` is the version of 2018, in which both gates see v * c_{t-1} too: light
    enough for one fused loop, but no longer linear. It scales the highway by a = sqrt(1 + 2 exp(b)), where b is
    what b_r starts at.
    Differences from the paper: none.
    Equals: no module of torch.nn.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: hidden * (input * (3 + (input != hidden)) + 2 * bias + 2 * light)
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        light: whether f and r see c_{t-1}, through a vector each.
        highway_scale: a.
        options: those of every cell, see ``CellOptions``; there is no recurrent product to choose.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1709.02755; doi:10.18653/v1/D18-1477
    """

    states = ("h", "c")
    fixed = CellOptions(recurrence=None, heads=1)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        light: bool = False,
        highway_scale: float = 1.0,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.light = light
        self.highway_scale = highway_scale
        self.f = self.gate(recurrence="diagonal" if light else None)
        self.r = self.gate(recurrence="diagonal" if light else None)
        self.c = self.gate(recurrence=None, bias=False)
        self.p = self.gate(recurrence=None, bias=False) if input_size != hidden_size else None

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        seen = c if self.light else None
        f = self.sigma(self.f(x, seen))
        r = self.sigma(self.r(x, seen))
        c = f * c + (1 - f) * self.drop(self.c(x))
        highway = x if self.p is None else self.p(x)
        return r * self.phi(c) + (1 - r) * (self.highway_scale * highway), c
