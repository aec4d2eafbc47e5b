"""Just another network: an LSTM of which only the forget gate is left."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions
from gatework.cells.initialisers import chrono


class JANET(Cell):
    r"""Just another network, an LSTM with a forget gate alone (van der Westhuizen and Lasenby 2018).

        s_t = W_f x_t + U_f h_{t-1} + b_f
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)                               candidate
        h_t = sigmoid(s_t) * h_{t-1} + (1 - sigmoid(s_t - beta)) * g_t        cell state and output

    The paper's h and c are the same and are one state here. With beta > 0 more is taken in than is forgotten.
    Differences from the paper: b_f starts at 1 unless chrono is given, with which b_g starts at 0 as in the paper.
    torchrecurrent's learns beta and returns the same state twice.
    Equals: a coupled LSTM without output gate and output activation, where beta is 0.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        beta: how much further the input path is open.
        forget_bias: the initial value of b_f.
        chrono: the longest dependency to expect, in steps, from which b_f starts instead; see
            ``gatework.cells.initialisers.chrono``.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1804.04849
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        beta: float = 1.0,
        forget_bias: float = 1.0,
        chrono: int | None = None,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.beta = beta
        self.chrono = chrono
        self.f = self.gate(start=forget_bias)
        self.g = self.gate(start=None if chrono is None else 0.0)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters of all gates anew; b_f starts at the forget bias, or by ``chrono``."""
        super().reset_parameters()
        if self.chrono is not None:
            chrono(self.chrono, keep=self.f)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        s = self.f(x, h)
        g = self.drop(self.phi(self.g(x, h)))
        return self.sigma(s) * h + (1 - self.sigma(s - self.beta)) * g
