"""The recurrent network that is deep within a step."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions


class RHN(Cell):
    r"""Recurrent highway network (Zilly, Srivastava, Koutnik and Schmidhuber 2017).

    Within a step, s_0 = h_{t-1} goes up through the layers l = 1 ... depth; only the first sees x_t:

        u_l = tanh   (W_h[1] x_t + U_h[l] s_{l-1} + b_h[l])               candidate
        t_l = sigmoid(W_t[1] x_t + U_t[l] s_{l-1} + b_t[l])               transform gate
        c_l = 1 - t_l, or a sigmoid of its own if coupled=False           carry gate
        s_l = u_l * t_l + s_{l-1} * c_l

        h_t = s_depth

    A step can be deep because gradients flow through it along the carry gates.
    Differences from the paper: none; layers count from 0 in the code.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: (3 - coupled) * hidden * (input + depth * (hidden + bias))
    Args:
        input_size: width of x.
        hidden_size: width of h.
        depth: the number of layers within a step; the paper's best has 10.
        coupled: carry what is not transformed; else learn a carry gate.
        transform_bias: the initial value of b_t; negative, so that layers begin by copying.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1607.03474
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        depth: int = 3,
        coupled: bool = True,
        transform_bias: float = -2.0,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if not isinstance(depth, int) or depth < 1:
            raise ValueError(f"depth must be a positive integer, not {depth!r}")
        self.depth = depth
        self.coupled = coupled
        self.h = self._layers()
        self.t = self._layers(start=transform_bias)
        self.c = None if coupled else self._layers()

    def _layers(self, start: float | None = None) -> nn.ModuleList:
        widths = [self.input_size] + [0] * (self.depth - 1)
        return nn.ModuleList(self.gate(width, start=start) for width in widths)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        s = h
        for layer in range(self.depth):
            below = (x if layer == 0 else None, s)
            u = self.drop(self.phi(self.h[layer](*below)))
            t = self.sigma(self.t[layer](*below))
            c = 1 - t if self.c is None else self.sigma(self.c[layer](*below))
            s = u * t + s * c
        return s
