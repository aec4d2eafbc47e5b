"""Long short-term memory with products normalised over the batch."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.cells.cell import Cell, CellOptions
from gatework.cells.gate import Gate


class BatchNorm(nn.Module):
    """Batch normalisation with statistics for every time step.

    In training a unit is normalised by its mean and variance over the rows of the batch, which also enter the running
    statistics of the rows' time steps; in evaluation by the running statistics of the row's own time step, so that
    rows are independent. Steps past the last share its statistics.

    Args:
        size: the number of units.
        steps: the number of time steps with statistics of their own.
        bias: whether there is a b.
        start: what b starts at.

    Attributes:
        gain: (size,), by which the normalised units are multiplied.
        b: (size,), which is added then, or None.
        mean, variance: (steps, size), the running statistics.
    """

    mean: Tensor
    variance: Tensor
    momentum = 0.1
    epsilon = 1e-5

    def __init__(self, size: int, steps: int, bias: bool = False, start: float = 0.0) -> None:
        super().__init__()
        self.start = start
        self.gain = nn.Parameter(torch.empty(size))
        self.b = nn.Parameter(torch.empty(size)) if bias else None
        self.register_buffer("mean", torch.zeros(steps, size))
        self.register_buffer("variance", torch.ones(steps, size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Gains start at 0.1, b as told, the running statistics at 0 and 1."""
        nn.init.constant_(self.gain, 0.1)  # the paper's: at 1 tanh saturates and gradients vanish
        if self.b is not None:
            nn.init.constant_(self.b, self.start)
        nn.init.zeros_(self.mean)
        nn.init.ones_(self.variance)

    def forward(self, value: Tensor, t: Tensor) -> Tensor:
        """Normalise (batch, size) values of the time steps t (batch, 1).

        Raises:
            ValueError: in training, one row has no variance.
        """
        step = t.squeeze(1).long().clamp(0, len(self.mean) - 1)
        if not self.training:
            normal = (value - self.mean[step]) / torch.sqrt(self.variance[step] + self.epsilon)
            return self.gain * normal if self.b is None else self.gain * normal + self.b
        self._remember(value.detach(), step.unique())
        return F.batch_norm(value, None, None, self.gain, self.b, training=True, eps=self.epsilon)

    @torch.no_grad()
    def _remember(self, value: Tensor, steps: Tensor) -> None:
        if len(value) < 2:
            raise ValueError("batch normalisation needs two rows or more in training: one row has no variance")
        self.mean[steps] = self.mean[steps].lerp(value.mean(0), self.momentum)
        self.variance[steps] = self.variance[steps].lerp(value.var(0), self.momentum)


class NormedGate(nn.Module):
    """Batch normalisation of both products of a gate: ``BN(W x) + BN(U h) + b``."""

    def __init__(self, size: int, steps: int, bias: bool, start: float = 0.0) -> None:
        super().__init__()
        self.x = BatchNorm(size, steps, bias, start)
        self.h = BatchNorm(size, steps)

    def forward(self, gate: Gate, x: Tensor, h: Tensor, t: Tensor) -> Tensor:
        """Compute the pre-activation of a gate from x (batch, input), h (batch, hidden) and t (batch, 1)."""
        normal: Tensor = self.x(gate.projected(x), t) + self.h(gate.recurrent(h), t)
        return normal


class BatchNormLSTM(Cell):
    r"""Long short-term memory with recurrent batch normalisation (Cooijmans et al. 2017).

        i_t = sigmoid(BN(W_i x_t) + BN(U_i h_{t-1}) + b_i)            input gate
        f_t = sigmoid(BN(W_f x_t) + BN(U_f h_{t-1}) + b_f)            forget gate
        g_t = tanh   (BN(W_g x_t) + BN(U_g h_{t-1}) + b_g)            candidate
        o_t = sigmoid(BN(W_o x_t) + BN(U_o h_{t-1}) + b_o)            output gate
        c_t = f_t * c_{t-1} + i_t * g_t                               cell state
        h_t = o_t * tanh(BN(c_t) + b_c)                               output
        s_t = s_{t-1} + 1                                             steps since the sequence began

    BN normalises each unit and multiplies it by a gain that starts at 0.1. In training its statistics are those of the
    batch at this step: rows depend on each other, two rows or more are needed, and all rows should be whole and at
    the same step s, since padding and reset rows enter the statistics too. In evaluation they are running averages,
    one for each of the first ``steps`` steps and the last one for all later, and rows are independent. The state s
    says which, so that a sequence may be split in windows or reset at any step.
    Differences from the paper: running averages (momentum 0.1) stand for statistics of the whole training set; b_f
    starts at 1.

    Shapes:
        x (batch, input); h, c (batch, hidden); s (batch, 1).
        Parameters: 4 * hidden * (input + hidden) + 9 * hidden + 5 * hidden * bias
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        steps: time steps with statistics of their own, T_max; 1 has all steps share theirs.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1603.09025
    """

    states = ("h", "c", "s")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        steps: int = 100,
        forget_bias: float = 1.0,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if steps < 1:
            raise ValueError(f"steps must be a positive integer, not {steps!r}")
        self.i, self.f, self.g, self.o = (self.gate(bias=False) for _ in range(4))
        self.norm_i, self.norm_g, self.norm_o = (NormedGate(hidden_size, steps, self.bias) for _ in range(3))
        self.norm_f = NormedGate(hidden_size, steps, self.bias, start=forget_bias)
        self.norm_c = BatchNorm(hidden_size, steps, self.bias)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """The width of each state: s is one number a row."""
        return (self.hidden_size, self.hidden_size, 1)

    def step(  # type: ignore[override]
        self, x: Tensor, h: Tensor, c: Tensor, s: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One step of the equations above."""
        i = self.sigma(self.norm_i(self.i, x, h, s))
        f = self.sigma(self.norm_f(self.f, x, h, s))
        g = self.drop(self.phi(self.norm_g(self.g, x, h, s)))
        o = self.sigma(self.norm_o(self.o, x, h, s))
        c = f * c + i * g
        return o * self.phi(self.norm_c(c, s)), c, s + 1
