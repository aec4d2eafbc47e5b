"""The recurrent network whose units are independent of each other."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions


class IndRNN(Cell):
    r"""Independently recurrent neural network (Li, Li, Cook, Zhu and Gao 2018).

        h_t = relu(W x_t + U * h_{t-1} + b),    U (hidden,), used elementwise

    Each unit sees its own past only, so that its gradient over n steps is the n-th power of one number, which can be
    kept from vanishing and from exploding; units meet in the next layer.
    Differences from the paper: |U| is not clipped while training (the paper keeps it below 2^(1/T), T the steps).

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + 1 + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        reach: U starts uniform from 0 to this, whatever ``init`` says.
        options: those of every cell, see ``CellOptions``; the recurrence is diagonal whatever they say.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1803.04831
    """

    defaults = CellOptions(activation="relu")
    fixed = CellOptions(recurrence="diagonal", heads=1)

    def __init__(
        self, input_size: int, hidden_size: int, *, reach: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if reach <= 0:
            raise ValueError(f"reach must be positive, not {reach!r}")
        self.reach = reach
        self.h = self.gate()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew; U from 0 to the reach."""
        super().reset_parameters()
        nn.init.uniform_(self.h.U, 0.0, self.reach)  # type: ignore[arg-type]  # this gate has one

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equation above."""
        return self.phi(self.h(x, h))
