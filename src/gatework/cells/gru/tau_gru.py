"""Gated recurrent unit with weighted time-delay feedback."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class TauGRU(Cell):
    r"""Gated recurrent unit with weighted time-delay feedback (Erichson, Lim and Mahoney 2022).

        u_t = tanh   (W_u x_t + U_u h_{t-1} + b_u)             instantaneous dynamics
        z_t = tanh   (W_z x_t + U_z h_{t-1-delay} + b_z)       delayed dynamics
        g_t = sigmoid(W_g x_t + U_g h_{t-1} + b_g)             update gate
        a_t = sigmoid(W_a x_t + U_a h_{t-1} + b_a)             weight of the delayed
        h_t = (1 - g_t) * h_{t-1} + g_t * (u_t + a_t * z_t)

    A delay differential equation, discretised: gradients of long ago have a path that is shorter by the delay.
    The states before h are a second state, past: h_{t-1-delay} to h_{t-2} side by side, the oldest first; zeros before
    the first step.
    Differences from the paper: the biases; without them, bias=False. Its tau is a time; ours is a number of steps.
    torchrecurrent's cell leaves the delay line to its caller.

    Shapes:
        x (batch, input); h (batch, hidden); past (batch, delay * hidden).
        Parameters: 4 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        delay: how many steps before the last state the delayed one is, 1 or more; the paper chooses it by task.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size or the delay is not positive, or an option is out of range.
    Reference: arXiv:2212.00228
    """

    states = ("h", "past")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        delay: int = 5,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if not isinstance(delay, int) or delay < 1:
            raise ValueError(f"delay must be a positive integer, not {delay!r}")
        self.delay = delay
        self.u = self.gate()
        self.z = self.gate()
        self.g = self.gate()
        self.a = self.gate()

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The widths of h and of the delay line."""
        return (self.hidden_size, self.delay * self.hidden_size)

    def step(self, x: Tensor, h: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        oldest = past[:, : self.hidden_size]
        u = self.phi(self.u(x, h))
        z = self.phi(self.z(x, oldest))
        g = self.sigma(self.g(x, h))
        a = self.sigma(self.a(x, h))
        past = torch.cat([past[:, self.hidden_size :], h], dim=1)
        return (1 - g) * h + g * self.drop(u + a * z), past
