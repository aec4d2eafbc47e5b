"""Quasi-recurrent network."""

from __future__ import annotations

from typing import Literal, Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions
from gatework.cells.gate import Gate


class QRNN(Cell):
    r"""Quasi-recurrent network with f-, fo- or ifo-pooling (Bradbury, Merity, Xiong and Socher 2017).

        z_t = tanh   (W_z x_t + U_z x_{t-1} + b_z)            candidate
        f_t = sigmoid(W_f x_t + U_f x_{t-1} + b_f)            forget gate
        o_t = sigmoid(W_o x_t + U_o x_{t-1} + b_o)            output gate; 1 if pooling="f"
        i_t = 1 - f_t                                         input gate; a gate like the others if pooling="ifo"
        c_t = f_t * c_{t-1} + i_t * z_t                       cell state
        h_t = o_t * c_t                                       output

    A convolution over time makes the gates, an elementwise recurrence pools its result. The convolution's last
    input is a state, ``previous``, so that a window may begin where another ended.
    Differences from the paper: windows of 1 and 2 only. Its dropout on f is zoneout of c, see ``Noise``.
    Equals: no module of torch.nn.

    Shapes:
        x (batch, input); h, c (batch, hidden); previous (batch, input).
        Parameters: gate_count * hidden * (window * input + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        pooling: which gates there are besides the candidate: ``"f"``, ``"fo"`` or ``"ifo"``.
        window: how many inputs the convolution sees; with 1 there are no U, and ``previous`` is not read.
        options: those of every cell, see ``CellOptions``; U multiplies an input and is always a matrix.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1611.01576
    """

    states = ("h", "c", "previous")
    fixed = CellOptions(recurrence=None, heads=1)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        pooling: Literal["f", "fo", "ifo"] = "fo",
        window: Literal[1, 2] = 2,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if pooling not in ("f", "fo", "ifo"):
            raise ValueError(f"pooling must be 'f', 'fo' or 'ifo', not {pooling!r}")
        if window not in (1, 2):
            raise ValueError(f"window must be 1 or 2, not {window!r}")
        self.pooling = pooling
        self.window = window
        self.gate_count = 1 + len(pooling)
        self.z = self._convolution()
        self.f = self._convolution()
        self.o = self._convolution() if "o" in pooling else None
        self.i = self._convolution() if "i" in pooling else None

    def _convolution(self) -> Gate:
        return self.gate(recurrence="dense" if self.window == 2 else None, state_size=self.input_size)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """``previous`` is as wide as x."""
        return (self.hidden_size, self.hidden_size, self.input_size)

    def step(self, x: Tensor, h: Tensor, c: Tensor, previous: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        """One step of the equations above."""
        seen = previous if self.window == 2 else None
        z = self.drop(self.phi(self.z(x, seen)))
        f = self.sigma(self.f(x, seen))
        i = 1 - f if self.i is None else self.sigma(self.i(x, seen))
        c = f * c + i * z
        h = c if self.o is None else self.sigma(self.o(x, seen)) * c
        return h, c, x
