"""Long expressive memory."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class LEM(Cell):
    r"""Long expressive memory (Rusch, Mishra, Erichson and Mahoney 2022).

        d_t = dt * sigmoid(W_d x_t + U_d h_{t-1} + b_d)                   time step of z
        e_t = dt * sigmoid(W_e x_t + U_e h_{t-1} + b_e)                   time step of h
        z_t = (1 - d_t) * z_{t-1} + d_t * tanh(W_z x_t + U_z h_{t-1} + b_z)
        h_t = (1 - e_t) * h_{t-1} + e_t * tanh(W_h x_t + U_h z_t + b_h)

    A differential equation of many time scales, each unit's learned and dependent on input and state.
    Differences from the paper: its y is h; its first and second time step are d and e; its W and V are U and W.
    Not equal: the package torchrecurrent, whose h_t sees z_{t-1}.

    Shapes:
        x (batch, input); h, z (batch, hidden).
        Parameters: 4 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h and z.
        dt: the largest time step, above 0 and at most 1.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2110.04744, equation 3
    """

    states = ("h", "z")

    def __init__(self, input_size: int, hidden_size: int, *, dt: float = 1.0, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        if not 0 < dt <= 1:
            raise ValueError(f"dt must be above 0 and at most 1, not {dt!r}")
        self.dt = dt
        self.d = self.gate()
        self.e = self.gate()
        self.z = self.gate()
        self.h = self.gate()

    def step(self, x: Tensor, h: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        d = self.dt * self.sigma(self.d(x, h))
        e = self.dt * self.sigma(self.e(x, h))
        z = (1 - d) * z + d * self.drop(self.phi(self.z(x, h)))
        return (1 - e) * h + e * self.drop(self.phi(self.h(x, z))), z
