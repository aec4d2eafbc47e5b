"""Gated recurrent units: the two places where the reset gate can act."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, sigmoid, tanh

from gatework.cells.cell import Cell, TorchForm
from gatework.cells.gate import Gate


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
        bias: whether the gates have a b.
    Raises:
        ValueError: a size is not positive, or z_scales is another word.
    Reference: arXiv:1406.1078; arXiv:1412.3555
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, z_scales: Literal["new", "old"] = "new", bias: bool = True
    ) -> None:
        super().__init__(input_size, hidden_size)
        if z_scales not in ("new", "old"):
            raise ValueError(f"z_scales must be 'new' or 'old', not {z_scales!r}")
        self.z_scales = z_scales
        self.z = Gate(input_size, hidden_size, bias=bias)
        self.r = Gate(input_size, hidden_size, bias=bias)
        self.n = Gate(input_size, hidden_size, bias=bias)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        z = sigmoid(self.z(x, h))
        r = sigmoid(self.r(x, h))
        n = tanh(self.n(x, r * h))
        return (1 - z) * h + z * n if self.z_scales == "new" else z * h + (1 - z) * n


class GRUResetAfter(Cell):
    r"""Gated recurrent unit, reset after the product: the form of cuDNN and torch.nn.GRU.

        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)                    reset gate
        z_t = sigmoid(W_z x_t + U_z h_{t-1} + b_z)                    update gate
        n_t = tanh   (W_n x_t + b_n + r_t * (U_m h_{t-1} + b_m))      candidate
        h_t = (1 - z_t) * n_t + z_t * h_{t-1}

    All products of a step see the same h, so that they are one matrix product; the price is a second
    bias in the candidate. First written as a variant in version 1 of Cho et al. 2014.
    Equals: torch.nn.GRU with b_r, b_z the sums of its two biases; ONNX's GRU with linear_before_reset=1.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: 3 * hidden * (input + hidden + bias) + hidden * bias
    Args:
        input_size: width of x.
        hidden_size: width of h.
        bias: whether the gates have a b.
    Raises:
        ValueError: a size is not positive.
    Reference: arXiv:1406.1078v1; arXiv:1410.0759 (cuDNN)
    """

    def __init__(self, input_size: int, hidden_size: int, *, bias: bool = True) -> None:
        super().__init__(input_size, hidden_size)
        self.r = Gate(input_size, hidden_size, bias=bias)
        self.z = Gate(input_size, hidden_size, bias=bias)
        self.n = Gate(input_size, hidden_size, recurrence=None, bias=bias)
        self.m = Gate(0, hidden_size, bias=bias)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        r = sigmoid(self.r(x, h))
        z = sigmoid(self.z(x, h))
        n = tanh(self.n(x) + r * self.m(e=h))
        return (1 - z) * n + z * h

    def torch_form(self) -> TorchForm:
        """torch.nn.GRU."""
        return TorchForm("gru", (self.r, self.z, self.n), (self.r, self.z, self.m))
