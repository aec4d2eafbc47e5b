"""Gated recurrent units: the two places where the reset gate can act."""

from __future__ import annotations

from typing import Literal, Unpack

from torch import Tensor

from gatework.cells.cell import Cell, CellOptions, TorchForm
from gatework.cells.gate import Gate
from gatework.cells.initialisers import chrono


class GRU(Cell):
    r"""Gated recurrent unit, reset before the product (Cho et al. 2014).

        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z)            update gate
        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)            reset gate
        n_t = tanh   (W_n x_t + U_n (r_t * h_{t-1}) + b_n)    candidate
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t                 if z_scales="new"
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t                 if z_scales="old"

    The candidate can forget the state (r near 0) without the state being forgotten (z).
    Differences from the paper: Cho et al. have no biases and let z scale the old state;
    the default here is the convention of Chung et al. 2014, in which an open gate lets the new
    in. They are the same functions: negating W_z, U_z and b_z turns one into the other.
    Equals: no module of torch.nn (see GRUResetAfter); ONNX's GRU with linear_before_reset=0.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 3 * hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        z_scales: which value an open update gate lets through, ``"new"`` or ``"old"``.
        chrono: the longest dependency to expect, in steps, from which b_z starts; see
            ``gatework.cells.initialisers.chrono``.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1406.1078; arXiv:1412.3555
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        z_scales: Literal["new", "old"] = "new",
        chrono: int | None = None,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z_scales = _known(z_scales)
        self.chrono = chrono
        self.z = self.gate()
        self.r = self.gate()
        self.n = self.gate()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters of all gates anew; b_z by ``chrono`` where it is given."""
        super().reset_parameters()
        _spread(self.z, self.z_scales, self.chrono)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = self.sigma(self.z(x, h))
        r = self.sigma(self.r(x, h))
        n = self.drop(self.phi(self.n(x, r * h)))
        return (1 - z) * h + z * n if self.z_scales == "new" else z * h + (1 - z) * n


class GRUResetAfter(Cell):
    r"""Gated recurrent unit, reset after the product, as in cuDNN and torch.nn.GRU (Chetlur et al. 2014).

        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)                    reset gate
        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z)                    update gate
        n_t = tanh   (W_n x_t + b_n + r_t * (U_m h_{t-1} + b_m))      candidate
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t                         if z_scales="old"
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t                         if z_scales="new"

    All products of a step see the same h, so that they are one matrix product; the price is a second
    bias in the candidate. First written as a variant in version 1 of Cho et al. 2014.
    Equals: with z_scales="old" torch.nn.GRU with b_r, b_z the sums of its two biases; ONNX's GRU with
    linear_before_reset=1.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 3 * hidden * (input + hidden + bias) + hidden * bias
    Args:
        input_size: width of x.
        hidden_size: width of h.
        z_scales: which value an open update gate lets through, ``"old"`` or ``"new"``.
        chrono: the longest dependency to expect, in steps, from which b_z starts; see
            ``gatework.cells.initialisers.chrono``.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1406.1078v1; arXiv:1410.0759 (cuDNN)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        z_scales: Literal["new", "old"] = "old",
        chrono: int | None = None,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z_scales = _known(z_scales)
        self.chrono = chrono
        self.r = self.gate()
        self.z = self.gate()
        self.n = self.gate(recurrence=None)
        self.m = self.gate(0)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters of all gates anew; b_z by ``chrono`` where it is given."""
        super().reset_parameters()
        _spread(self.z, self.z_scales, self.chrono)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        r = self.sigma(self.r(x, h))
        z = self.sigma(self.z(x, h))
        n = self.drop(self.phi(self.n(x) + r * self.m(e=h)))
        return z * h + (1 - z) * n if self.z_scales == "old" else (1 - z) * h + z * n

    def torch_form(self) -> TorchForm | None:
        """torch.nn.GRU."""
        if not self.usual_activations or self.z_scales != "old":
            return None
        return TorchForm("gru", (self.r, self.z, self.n), (self.r, self.z, self.m))


def _known(z_scales: Literal["new", "old"]) -> Literal["new", "old"]:
    if z_scales not in ("new", "old"):
        raise ValueError(f"z_scales must be 'new' or 'old', not {z_scales!r}")
    return z_scales


def _spread(z: Gate, z_scales: str, longest: int | None) -> None:
    """Start the update gate with memories of all lengths, if one is given."""
    if longest is not None:
        chrono(longest, take=z) if z_scales == "new" else chrono(longest, keep=z)
