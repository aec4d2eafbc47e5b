"""The recurrent network of Jordan, whose output is fed back."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class Jordan(Cell):
    r"""Recurrent network whose output is fed back (Jordan 1986).

        s_t = decay * s_{t-1} + h_{t-1}                       state units
        a_t = phi(W_a x_t + U_a s_t + b_a)                    hidden units
        h_t = phi(U_h a_t + b_h)                              output units

    What is remembered is what was said, not what was thought: with targets for the output, each step can be
    trained by itself (teacher forcing).
    Differences from the paper: the plan units are the input x_t; tanh where it has the logistic function.

    Shapes:
        x (batch, input); h, s (batch, hidden).
        Parameters: hidden * (input + 2 * hidden + 2 * bias)
    Args:
        input_size: width of x.
        hidden_size: width of h, s and a.
        decay: the weight of a state unit on itself, from 0 to below 1; 0 feeds back the last output alone.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: Institute for Cognitive Science report 8604, San Diego 1986; reprinted doi:10.1016/S0166-4115(97)80111-2
    """

    states = ("h", "s")

    def __init__(
        self, input_size: int, hidden_size: int, *, decay: float = 0.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be from 0 to below 1, not {decay!r}")
        self.decay = decay
        self.a = self.gate()
        self.h = self.gate(0)

    def step(self, x: Tensor, h: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        s = self.decay * s + h
        a = self.phi(self.a(x, s))
        return self.phi(self.h(e=a)), s
