"""Long short-term memory."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions, TorchForm
from gatework.cells.initialisers import chrono


class LSTM(Cell):
    r"""Long short-term memory with a forget gate (Gers, Schmidhuber and Cummins 2000).

        i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)            input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)            forget gate
        g_t = tanh   (W_g x_t + U_g h_{t-1} + b_g)            candidate
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)            output gate
        c_t = f_t * c_{t-1} + i_t * g_t                       cell state
        h_t = o_t * tanh(c_t)                                 output

    Keeps c on an additive path, so that errors neither vanish nor explode along it.
    Differences from the paper: tanh where it has scaled logistic functions; b_f starts at 1
    (Jozefowicz, Zaremba and Sutskever 2015).
    Equals: torch.nn.LSTM with b = b_ih + b_hh.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 4 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        forget_bias: the initial value of b_f.
        chrono: the longest dependency to expect, in steps, from which b_f and b_i start instead; see
            ``gatework.cells.initialisers.chrono``.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: doi:10.1162/089976600300015015
    """

    states = ("h", "c")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        forget_bias: float = 1.0,
        chrono: int | None = None,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.chrono = chrono
        self.i = self.gate()
        self.f = self.gate(start=forget_bias)
        self.g = self.gate()
        self.o = self.gate()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters of all gates anew; b_f starts at the forget bias, or with b_i by ``chrono``."""
        super().reset_parameters()
        if self.chrono is not None:
            chrono(self.chrono, keep=self.f, take=self.i)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        i = self.sigma(self.i(x, h))
        f = self.sigma(self.f(x, h))
        g = self.drop(self.phi(self.g(x, h)))
        o = self.sigma(self.o(x, h))
        c = f * c + i * g
        return o * self.phi(c), c

    def torch_form(self) -> TorchForm | None:
        """torch.nn.LSTM."""
        if not self.usual_activations:
            return None
        gates = (self.i, self.f, self.g, self.o)
        return TorchForm("lstm", gates, gates)
