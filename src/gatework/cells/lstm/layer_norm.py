"""Long short-term memory with normalised products and a normalised cell state."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor, nn

from gatework.cells.cell import Cell, CellOptions

EPSILON = 1e-5
"""What is added to variances, as in torch."""


class JointNorm(nn.Module):
    """Layer normalisation over four vectors as if they were one.

    Args:
        size: width of each vector.
        bias: whether there is a b.
        starts: what the b of each vector starts at.

    Attributes:
        gain: (4, size), by which the normalised vectors are multiplied.
        b: (4, size), which is added then, or None.
    """

    def __init__(self, size: int, bias: bool, starts: tuple[float, ...] = (0.0,) * 4) -> None:
        super().__init__()
        self.starts = starts
        self.gain = nn.Parameter(torch.empty(4, size))
        self.b = nn.Parameter(torch.empty(4, size)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Gains start at 1, b as told."""
        nn.init.ones_(self.gain)
        for k, start in enumerate(self.starts if self.b is not None else ()):
            nn.init.constant_(self.b[k], start)  # type: ignore[index]

    def forward(self, *parts: Tensor) -> list[Tensor]:
        """Normalise four vectors (batch, size) by their common mean and variance."""
        mean = sum(part.mean(1, keepdim=True) for part in parts) / 4
        centred = [part - mean for part in parts]
        variance = sum((part * part).mean(1, keepdim=True) for part in centred) / 4
        deviation = (variance + EPSILON) ** 0.5
        normal = [self.gain[k] * (centred[k] / deviation) for k in range(4)]
        return normal if self.b is None else [normal[k] + self.b[k] for k in range(4)]


class LayerNormLSTM(Cell):
    r"""Long short-term memory with layer normalisation (Ba, Kiros and Hinton 2016).

        (xi xf xg xo)_t = LN(W_xi x_t, W_xf x_t, W_xg x_t, W_xo x_t) + (b_i b_f b_g b_o)
        (hi hf hg ho)_t = LN(U_hi h_{t-1}, U_hf h_{t-1}, U_hg h_{t-1}, U_ho h_{t-1})
        i_t = sigmoid(xi_t + hi_t)                            input gate
        f_t = sigmoid(xf_t + hf_t)                            forget gate
        g_t = tanh   (xg_t + hg_t)                            candidate
        o_t = sigmoid(xo_t + ho_t)                            output gate
        c_t = f_t * c_{t-1} + i_t * g_t                       cell state
        h_t = o_t * tanh(LN(c_t) + b_c)                       output

    LN subtracts the mean over all units, divides by their standard deviation and multiplies by gains; the products
    of four gates have one mean and one standard deviation in common, as in the paper's equations 20 to 22. So the
    scale of the weights does not matter, and c cannot saturate the output.
    Differences from the paper: one b in place of three biases of which only the sum acts; b_f starts at 1.
    LSTM(layer_norm=True) normalises each gate by itself and leaves c as it is.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: 4 * hidden * (input + hidden) + 9 * hidden + 5 * hidden * bias
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1607.06450
    """

    states = ("h", "c")

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.xi, self.xf, self.xg, self.xo = (self.gate(recurrence=None, bias=False) for _ in range(4))
        self.hi, self.hf, self.hg, self.ho = (self.gate(0, bias=False) for _ in range(4))
        self.norm_x = JointNorm(hidden_size, self.bias, starts=(0.0, forget_bias, 0.0, 0.0))
        self.norm_h = JointNorm(hidden_size, bias=False)
        self.norm_c = nn.LayerNorm(hidden_size, EPSILON, bias=self.bias)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        xi, xf, xg, xo = self.norm_x(self.xi(x), self.xf(x), self.xg(x), self.xo(x))
        hi, hf, hg, ho = self.norm_h(self.hi(e=h), self.hf(e=h), self.hg(e=h), self.ho(e=h))
        i = self.sigma(xi + hi)
        f = self.sigma(xf + hf)
        g = self.drop(self.phi(xg + hg))
        o = self.sigma(xo + ho)
        c = f * c + i * g
        return o * self.phi(self.norm_c(c)), c
