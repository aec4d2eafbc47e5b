"""Long short-term memory whose gates look at the cell state."""

from __future__ import annotations

import math
from typing import Unpack

import torch
from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions


class Peephole(nn.Module):
    """What a gate sees of the cell state: ``p * c``, or nothing.

    Args:
        size: width of c.
        present: whether there is a peephole.

    Attributes:
        p: (size,) or None.
    """

    def __init__(self, size: int, present: bool = True) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.empty(size)) if present else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw p from ±1/sqrt(size), as gates draw theirs."""
        if self.p is not None:
            bound = 1 / math.sqrt(len(self.p))
            nn.init.uniform_(self.p, -bound, bound)

    def forward(self, c: Tensor) -> Tensor | float:
        """Compute what to add to the gate: c (batch, size) to the same shape, or 0."""
        return 0.0 if self.p is None else self.p * c


def make_peepholes(cell: nn.Module, size: int, peepholes: str) -> None:
    """Give a cell ``p_i``, ``p_f`` and ``p_o``, of which those in ``peepholes`` are present, and their number.

    Raises:
        ValueError: another letter, or one twice.
    """
    if len(set(peepholes)) != len(peepholes) or set(peepholes) - set("ifo"):
        raise ValueError(f"peepholes must be some of the letters i, f, o, not {peepholes!r}")
    cell.peepholes = len(peepholes)  # type: ignore[assignment]
    for gate in "ifo":
        setattr(cell, f"p_{gate}", Peephole(size, gate in peepholes))


class PeepholeLSTM(Cell):
    r"""Long short-term memory whose gates look at the cell state (Gers and Schmidhuber 2000).

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i)            input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f * c_{t-1} + b_f)            forget gate
        g_t = tanh   (W_g x_t + U_g h_{t-1} + b_g)                            candidate
        c_t = f_t * c_{t-1} + i_t * g_t                                       cell state
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                output gate, sees the new c
        h_t = o_t * tanh(c_t)                                                 output

    A gate sees its own unit's cell state even while the output gate is shut, and so can count and time.
    Differences from the paper: tanh where it has scaled logistic functions; b_f starts at 1.
    Equals: LSTM where there are no peepholes; GreffLSTM(variant="V") where there are all.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 4 * hidden * (input + hidden + bias) + peepholes * hidden
        (hidden fewer for each missing peephole)
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        peepholes: the gates that have one, some of the letters i, f, o.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: doi:10.1109/IJCNN.2000.861302; doi:10.1162/153244303768966139
    """

    states = ("h", "c")
    p_i: Peephole
    p_f: Peephole
    p_o: Peephole

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        peepholes: str = "ifo",
        forget_bias: float = 1.0,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.i = self.gate()
        self.f = self.gate(start=forget_bias)
        self.g = self.gate()
        self.o = self.gate()
        make_peepholes(self, hidden_size, peepholes)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        i = self.sigma(self.i(x, h) + self.p_i(c))
        f = self.sigma(self.f(x, h) + self.p_f(c))
        g = self.drop(self.phi(self.g(x, h)))
        c = f * c + i * g
        o = self.sigma(self.o(x, h) + self.p_o(c))
        return o * self.phi(c), c
