"""Linear recurrent unit."""

from __future__ import annotations

import math
from typing import Unpack

import torch
from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions


class LRU(Cell):
    r"""Linear recurrent unit (Orvieto, Smith, Gu, Fernando, Gulcehre, Pascanu and De 2023).

        lambda = exp(-exp(nu_log) + i exp(theta_log))                 eigenvalues, inside the unit circle
        s_t = lambda * s_{t-1} + exp(gamma_log) * (W_re x_t + i W_im x_t)
        h_t = W_h x_t + U_h Re s_t + U_m Im s_t + b_h                 output

    A complex diagonal recurrence s = re + i im, stable for any parameters, kept as two real states. In the
    paper's letters B = W_re + i W_im, C = U_h - i U_m, D = W_h, and y = h.
    It starts as in the paper: eigenvalues uniform on the ring between two radii, phases below ``max_phase``,
    gamma = sqrt(1 - |lambda|^2), B and C from normal distributions; D and b_h as every gate.
    Differences from the paper: as many eigenvalues as outputs, and a b_h (``bias=False`` leaves it out).
    Equals: no module of torch.nn.

    Shapes:
        x (batch, input); h, re, im (batch, hidden).
        Parameters: hidden * (3 * input + 2 * hidden + bias + 3)
    Args:
        input_size: width of x.
        hidden_size: width of h, and the number of eigenvalues.
        min_radius: where the ring of the first eigenvalues begins.
        max_radius: where it ends, at most 1.
        max_phase: the largest phase at the start; small ones help with long sequences.
        options: those of every cell, see ``CellOptions``; all is linear, activation functions have no place.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:2303.06349
    """

    states = ("h", "re", "im")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        min_radius: float = 0.0,
        max_radius: float = 1.0,
        max_phase: float = 2 * math.pi,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if not 0 <= min_radius < max_radius <= 1:
            raise ValueError(f"radii must be 0 <= min < max <= 1, not {min_radius!r} and {max_radius!r}")
        if not 0 < max_phase <= 2 * math.pi:
            raise ValueError(f"max_phase must lie above 0 and at most at 2 pi, not {max_phase!r}")
        self.min_radius, self.max_radius, self.max_phase = min_radius, max_radius, max_phase
        self.re = self.gate(recurrence=None, bias=False)
        self.im = self.gate(recurrence=None, bias=False)
        self.h = self.gate()
        self.m = self.gate(0, bias=False)
        self.nu_log, self.theta_log, self.gamma_log = (nn.Parameter(torch.empty(hidden_size)) for _ in range(3))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters as the paper does."""
        super().reset_parameters()
        for gate in (self.re, self.im):
            nn.init.normal_(gate.W, std=1 / math.sqrt(2 * self.input_size))  # type: ignore[arg-type]
        for gate in (self.h, self.m):
            nn.init.normal_(gate.U, std=1 / math.sqrt(self.hidden_size))  # type: ignore[arg-type]
        smallest, largest = self.min_radius**2, self.max_radius**2
        tiny = torch.finfo(self.nu_log.dtype).eps
        with torch.no_grad():
            squared_radius = torch.empty_like(self.nu_log).uniform_(smallest, largest).clamp_(tiny, 1 - tiny)
            self.nu_log.copy_((-0.5 * squared_radius.log()).log())
            self.theta_log.uniform_(tiny, self.max_phase).log_()
            self.gamma_log.copy_(0.5 * (1 - squared_radius).log())

    def eigenvalues(self) -> tuple[Tensor, Tensor]:
        """The real and imaginary parts of lambda, (hidden,) each."""
        radius, phase = torch.exp(-torch.exp(self.nu_log)), torch.exp(self.theta_log)
        return radius * torch.cos(phase), radius * torch.sin(phase)

    def step(self, x: Tensor, h: Tensor, re: Tensor, im: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        """One step of the equations above."""
        a, b = self.eigenvalues()
        gamma = torch.exp(self.gamma_log)
        re, im = a * re - b * im + gamma * self.re(x), b * re + a * im + gamma * self.im(x)
        return self.h(x, re) + self.m(e=im), re, im
