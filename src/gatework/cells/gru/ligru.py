"""Light gated recurrent unit, of speech recognition."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions


class LiGRU(Cell):
    r"""Light gated recurrent unit (Ravanelli, Brakel, Omologo and Bengio 2018).

        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z)             update gate
        n_t = relu   (W_n x_t + U_n h_{t-1} + b_n)             candidate
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t

    A GRU without reset gate and with rectified candidates, which are not bounded.
    Differences from the paper: it normalises W_z x and W_n x over the batch, which keeps the rectified state from
    growing; here there is no batch norm. A batch norm at work, with its statistics fixed, is part of W and b, so that
    every trained LiGRU is this cell; to train without it choose a small learning rate, or ``layer_norm``.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 2 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        options: those of every cell, see ``CellOptions``; the activation is ``"relu"`` unless said.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: doi:10.1109/TETCI.2017.2762739; arXiv:1803.10225
    """

    defaults = CellOptions(activation="relu")

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[CellOptions]) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate()
        self.n = self.gate()

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = self.sigma(self.z(x, h))
        n = self.drop(self.phi(self.n(x, h)))
        return z * h + (1 - z) * n
