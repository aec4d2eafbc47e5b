"""Long short-term memory with a wide memory and a narrow output."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions, TorchForm
from gatework.cells.lstm.peephole import Peephole, make_peepholes


class LSTMP(Cell):
    r"""Long short-term memory with a recurrent projection (Sak, Senior and Beaufays 2014).

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i)            input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f * c_{t-1} + b_f)            forget gate
        g_t = tanh   (W_g x_t + U_g h_{t-1} + b_g)                            candidate
        c_t = f_t * c_{t-1} + i_t * g_t                                       cell state
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                output gate
        h_t = U_r (o_t * tanh(c_t))                                           projected output

    The recurrent matrices see h, which is narrower than the memory c: more memory for the same parameters.
    Differences from the paper: no peepholes unless asked for, as in torch.nn; no second, non-recurrent projection;
    b_f starts at 1.
    Equals: torch.nn.LSTM(input_size, memory_size, proj_size=hidden_size) with b = b_ih + b_hh; LSTM where U_r is the
    identity. The width that torch.nn calls hidden_size is memory_size here: hidden_size is the width of the output.

    Shapes:
        x (batch, input); h (batch, hidden); c (batch, memory_size).
        Parameters: memory_size * (4 * (input + hidden + bias) + hidden + peepholes)
        (memory_size more for each peephole)
    Args:
        input_size: width of x.
        hidden_size: width of h, the projection.
        memory_size: width of c; four times hidden_size unless said.
        peepholes: the gates that have one, some of the letters i, f, o.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1402.1128
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
        memory_size: int | None = None,
        peepholes: str = "",
        forget_bias: float = 1.0,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.memory_size = 4 * hidden_size if memory_size is None else memory_size
        if not isinstance(self.memory_size, int) or self.memory_size < 1:
            raise ValueError(f"memory_size must be a positive integer, not {memory_size!r}")
        self.i = self.gate(hidden_size=self.memory_size, state_size=hidden_size)
        self.f = self.gate(hidden_size=self.memory_size, state_size=hidden_size, start=forget_bias)
        self.g = self.gate(hidden_size=self.memory_size, state_size=hidden_size)
        self.o = self.gate(hidden_size=self.memory_size, state_size=hidden_size)
        self.r = self.gate(0, state_size=self.memory_size, recurrence="dense", bias=False, layer_norm=False)
        make_peepholes(self, self.memory_size, peepholes)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The width of each state: c is wider than h."""
        return (self.hidden_size, self.memory_size)

    @property
    def candidate_size(self) -> int:
        """The candidate is as wide as c."""
        return self.memory_size

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        i = self.sigma(self.i(x, h) + self.p_i(c))
        f = self.sigma(self.f(x, h) + self.p_f(c))
        g = self.drop(self.phi(self.g(x, h)))
        c = f * c + i * g
        o = self.sigma(self.o(x, h) + self.p_o(c))
        return self.r(e=o * self.phi(c)), c

    def torch_form(self) -> TorchForm | None:
        """torch.nn.LSTM with proj_size, which has no peepholes."""
        if not self.usual_activations or any(peephole.p is not None for peephole in (self.p_i, self.p_f, self.p_o)):
            return None
        gates = (self.i, self.f, self.g, self.o)
        return TorchForm("lstm", gates, gates, self.r)
