"""A sequence as one vector."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from gatework.layers.layer import check_count
from gatework.layers.padding import real_steps, shares

PoolingKind = Literal["last", "mean", "max", "attention"]


class Pooling(nn.Module):
    r"""The outputs of all steps as one vector a row.

    ``"last"`` takes what each direction wrote when it had read all: with two directions side by side, the first half
    of the vector is of the last real step and the second of step 0. ``"mean"`` and ``"max"`` go over the real steps.
    ``"attention"`` lets a learned query u_w choose (Yang et al. 2016):

        u_t = tanh(W_w h_t + b_w)
        alpha_t = exp(u_t' u_w) / sum_k exp(u_k' u_w)          over real steps
        s = sum_t alpha_t h_t

    Args:
        kind: how.
        size: width of the outputs and of the vector.
        directions: 2 for the outputs of a bidirectional layer that joins by ``"concat"``; only "last" asks.

    Shapes:
        outputs (time, batch, size); the result (batch, size), zero for rows of length 0.
        Parameters: size * (size + 2) for attention, none for the others.

    Raises:
        ValueError: the kind does not exist, the size is not positive or cannot be halved, or there are other than 1
            or 2 directions.
        TypeError: the size is no integer.
    Reference: doi:10.18653/v1/N16-1174
    """

    def __init__(self, kind: PoolingKind, size: int, *, directions: int = 1) -> None:
        super().__init__()
        check_count("size", size)
        if kind not in get_args(PoolingKind):
            raise ValueError(f"kind must be 'last', 'mean', 'max' or 'attention', not {kind!r}")
        if directions not in (1, 2) or size % directions:
            raise ValueError(f"directions must be 1 or, for an even size, 2; not {directions} with the size {size}")
        self.kind, self.size, self.directions = kind, size, directions
        if kind == "attention":
            self.W_w = nn.Linear(size, size)
            self.u_w = nn.Linear(size, 1, bias=False)

    def forward(self, outputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Pool.

        Args:
            outputs: (time, batch, size); what stands past a row's length is not read.
            lengths: (batch,) real steps of each row; all where None.

        Returns:
            (batch, size).

        Raises:
            TypeError, ValueError: an argument has another type, shape or range.
        """
        real = real_steps("outputs", outputs, self.size, lengths)
        if self.kind == "last":
            return self._last(outputs, real)
        if self.kind == "max":
            greatest = outputs.masked_fill(~real[:, :, None], -torch.inf).amax(dim=0)
            return torch.where(real.any(dim=0)[:, None], greatest, 0)
        outputs = torch.where(real[:, :, None], outputs, 0)
        if self.kind == "mean":
            return outputs.sum(dim=0) / real.sum(dim=0).clamp(min=1)[:, None]
        return (self._weights(outputs, real).T[:, :, None] * outputs).sum(dim=0)

    def weights(self, outputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The letters alpha of attention (batch, time), zero in the padding; arguments and errors as ``forward``.

        Raises:
            ValueError: also if the pooling is of another kind.
        """
        if self.kind != "attention":
            raise ValueError(f"only attention has weights, not {self.kind!r}")
        real = real_steps("outputs", outputs, self.size, lengths)
        return self._weights(torch.where(real[:, :, None], outputs, 0), real)

    def _weights(self, outputs: Tensor, real: Tensor) -> Tensor:
        return shares(self.u_w(torch.tanh(self.W_w(outputs))).squeeze(-1).T, real.T)

    def _last(self, outputs: Tensor, real: Tensor) -> Tensor:
        ends = real.sum(dim=0)
        rows = torch.arange(real.shape[1], device=outputs.device)
        last = outputs[(ends - 1).clamp(min=0), rows]
        if self.directions == 2:
            half = self.size // 2
            last = torch.cat([last[:, :half], outputs[0, :, half:]], dim=1)
        return torch.where((ends > 0)[:, None], last, 0)

    def extra_repr(self) -> str:
        """Options, for printing."""
        return f"{self.kind!r}, size={self.size}, directions={self.directions}"
