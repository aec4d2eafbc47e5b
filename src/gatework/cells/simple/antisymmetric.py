"""Recurrent networks with an antisymmetric recurrent matrix, plain and gated."""

from __future__ import annotations

from typing import Any, Unpack

import torch
from torch import Tensor

from gatework.cells.cell import Cell, CellOptions
from gatework.cells.gate import Gate


class AntisymmetricGate(Gate):
    """A gate that multiplies the state by ``U - U^T - gamma I``.

    Args:
        input_size: width of ``x``; 0 for a gate that does not see the input.
        hidden_size: width of the result and of the state.
        gamma: what is taken from the diagonal, 0 or more.
        options: those of ``Gate``.

    Raises:
        ValueError: gamma is negative, or as ``Gate``.
    """

    def __init__(self, input_size: int, hidden_size: int, *, gamma: float, **options: Any) -> None:
        super().__init__(input_size, hidden_size, **options)
        if gamma < 0:
            raise ValueError(f"gamma must not be negative, but is {gamma!r}")
        self.gamma = gamma

    def recurrent_weights(self) -> Tensor:
        """The matrix (hidden, hidden); its eigenvalues have the real part -gamma."""
        U = super().recurrent_weights()
        return U - U.T - self.gamma * torch.eye(self.hidden_size, dtype=U.dtype, device=U.device)


class AntisymmetricRNN(Cell):
    r"""Antisymmetric recurrent network (Chang, Chen, Haber and Chi 2019).

        A = U_h - U_h^T - gamma I
        h_t = h_{t-1} + epsilon * tanh(W_h x_t + A h_{t-1} + b_h)

    A step of Euler's method for an ordinary differential equation that is stable and loses nothing: the
    eigenvalues of A are imaginary but for -gamma, which makes up for the error of the steps.
    Differences from the paper: U has all its entries, of which only U - U^T matters; it starts uniform as torch.nn.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (input + hidden + bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        epsilon: the step of Euler's method, above 0.
        gamma: the diffusion, 0 or more.
        options: those of every cell, see ``CellOptions``; the recurrence must be dense.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1902.09689
    """

    fixed = CellOptions(recurrence="dense", heads=1)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        epsilon: float = 0.01,
        gamma: float = 0.01,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        _check_step(epsilon)
        self.epsilon = epsilon
        self.h = self.gate(kind=AntisymmetricGate, gamma=gamma)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        return h + self.epsilon * self.drop(self.phi(self.h(x, h)))


class GatedAntisymmetricRNN(Cell):
    r"""Antisymmetric recurrent network with an input gate (Chang, Chen, Haber and Chi 2019).

        A = U_a - U_a^T - gamma I
        z_t = sigmoid(W_z x_t + A h_{t-1} + b_z)
        h_t = h_{t-1} + epsilon * z_t * tanh(W_h x_t + A h_{t-1} + b_h)

    The gate chooses how far each unit goes along the flow; sharing A keeps the eigenvalues of the Jacobian near
    the imaginary axis.
    Differences from the paper: U has all its entries, of which only U - U^T matters; it starts uniform as torch.nn.

    Shapes:
        x (batch, input); h (batch, hidden).
        Parameters: hidden * (2 * input + hidden + 2 * bias)
    Args:
        input_size: width of x.
        hidden_size: width of h.
        epsilon: the step of Euler's method, above 0.
        gamma: the diffusion, 0 or more.
        options: those of every cell, see ``CellOptions``; the recurrence must be dense.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1902.09689
    """

    fixed = CellOptions(recurrence="dense", heads=1)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        epsilon: float = 0.01,
        gamma: float = 0.01,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        _check_step(epsilon)
        self.epsilon = epsilon
        self.a = self.gate(0, kind=AntisymmetricGate, gamma=gamma, bias=False)
        self.z = self.gate(recurrence=None)
        self.h = self.gate(recurrence=None)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step of the equations above."""
        flow = self.a(e=h)
        z = self.sigma(self.z(x) + flow)
        return h + self.epsilon * z * self.drop(self.phi(self.h(x) + flow))


def _check_step(epsilon: float) -> None:
    if epsilon <= 0:
        raise ValueError(f"epsilon must be positive, not {epsilon!r}")
