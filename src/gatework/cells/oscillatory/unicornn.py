"""The network of undamped independent oscillators."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions


class UnICORNN(Cell):
    r"""Undamped independent controlled oscillatory recurrent network (Rusch and Mishra 2021).

        z_t = z_{t-1} - dt * sigmoid(c) * (tanh(W x_t + U * h_{t-1} + b) + alpha * h_{t-1})      velocity
        h_t = h_{t-1} + dt * sigmoid(c) * z_t                                                    position

    with U and c (hidden,). A symplectic step of a Hamiltonian system: it keeps volume and can be run backwards;
    c learns a time scale for each unit.
    Differences from the paper: one layer, its position y is h; several are stacked outside, with the residual
    connections of its section 3 if wanted.

    Shapes:
        x (batch, input); h, z (batch, hidden).
        Parameters: hidden * (input + 2 + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h and z.
        dt: the time step, above 0; this and alpha by default as for permuted sequential MNIST in the authors' code.
        alpha: the squared frequency, 0 or more.
        options: those of every cell, see ``CellOptions``; the recurrence is diagonal whatever they say.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2103.05487
    """

    states = ("h", "z")
    fixed = CellOptions(recurrence="diagonal", heads=1)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        dt: float = 0.19,
        alpha: float = 30.65,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if dt <= 0:
            raise ValueError(f"dt must be positive, not {dt!r}")
        if alpha < 0:
            raise ValueError(f"alpha must not be negative, but is {alpha!r}")
        self.dt = dt
        self.alpha = alpha
        self.z = self.gate()
        self.c = nn.Parameter(torch.empty(hidden_size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw W and b as the options say, U from 0 to 1 and c from -0.1 to 0.1 as the authors' code."""
        super().reset_parameters()
        nn.init.uniform_(self.z.U, 0.0, 1.0)  # type: ignore[arg-type]  # this gate has one
        nn.init.uniform_(self.c, -0.1, 0.1)

    def step(self, x: Tensor, h: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        step = self.dt * torch.sigmoid(self.c)
        z = z - step * (self.phi(self.z(x, h)) + self.alpha * h)
        return h + step * z, z
