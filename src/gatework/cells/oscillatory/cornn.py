"""The network of coupled oscillators."""

from __future__ import annotations

from typing import Literal, Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class CoRNN(Cell):
    r"""Coupled oscillatory recurrent network (Rusch and Mishra 2021).

        a_t = tanh(W_h x_t + U_h h_{t-1} + U_z z_{t-1} + b_h)                     force
        z_t = z_{t-1} + dt * (a_t - gamma * h_{t-1} - epsilon * z_n)              velocity
        h_t = h_{t-1} + dt * z_t                                                  position

    where z_n is z_{t-1} if damping="explicit" and z_t if damping="implicit" (solved for z_t): the two schemes of
    the paper. Oscillators that are forced by the input and by each other, damped by epsilon, of frequency
    sqrt(gamma); their energy and gradients are bounded by the step.
    Differences from the paper: its position y is h; its W, curly W and V are U_h, U_z and W_h.

    Shapes:
        x (batch, input); h, z (batch, hidden).
        Parameters: hidden * (input + 2 * hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h and z.
        dt: the time step, above 0; this and the next two by default as for sequential MNIST in the paper.
        gamma: the squared frequency, 0 or more.
        epsilon: the damping, 0 or more.
        damping: which velocity is damped, ``"explicit"`` (the authors' code) or ``"implicit"``.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2010.00951, equation 3
    """

    states = ("h", "z")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        dt: float = 0.042,
        gamma: float = 2.7,
        epsilon: float = 4.7,
        damping: Literal["explicit", "implicit"] = "explicit",
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if dt <= 0:
            raise ValueError(f"dt must be positive, not {dt!r}")
        if gamma < 0 or epsilon < 0:
            raise ValueError(f"gamma and epsilon must not be negative, but are {gamma!r} and {epsilon!r}")
        if damping not in ("explicit", "implicit"):
            raise ValueError(f"damping must be 'explicit' or 'implicit', not {damping!r}")
        self.dt = dt
        self.gamma = gamma
        self.epsilon = epsilon
        self.damping = damping
        self.h = self.gate()
        self.z = self.gate(0, bias=False)

    def step(self, x: Tensor, h: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        pull = self.phi(self.h(x, h) + self.z(e=z)) - self.gamma * h
        if self.damping == "explicit":
            z = z + self.dt * (pull - self.epsilon * z)
        else:
            z = (z + self.dt * pull) / (1 + self.dt * self.epsilon)
        return h + self.dt * z, z
