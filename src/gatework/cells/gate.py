"""The gate: one affine map of the input and of an expression of the state."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Recurrence = Literal["dense", "diagonal"] | None


class Gate(nn.Module):
    """A pre-activation ``W x + U e + b``, where ``e`` is any expression of the state.

    Args:
        input_size: width of ``x``; 0 for a gate that does not see the input.
        hidden_size: width of ``e`` and of the result.
        recurrence: what ``U`` is: ``"dense"`` a matrix, ``"diagonal"`` a vector used elementwise,
            ``None`` absent.
        bias: whether there is a ``b``.

    Attributes:
        W: (hidden, input) or None.
        U: (hidden, hidden), (hidden,) or None.
        b: (hidden,) or None.

    Raises:
        ValueError: neither ``W`` nor ``U`` would exist, or the recurrence has another name.
    """

    W: nn.Parameter | None
    U: nn.Parameter | None
    b: nn.Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, *, recurrence: Recurrence = "dense", bias: bool = True
    ) -> None:
        super().__init__()
        if recurrence not in ("dense", "diagonal", None):
            raise ValueError(f"recurrence must be 'dense', 'diagonal' or None, not {recurrence!r}")
        if not input_size and not recurrence:
            raise ValueError("a gate without input and without recurrence would be a constant")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.recurrence = recurrence
        recurrent_shape = (hidden_size, hidden_size) if recurrence == "dense" else (hidden_size,)
        self.W = nn.Parameter(torch.empty(hidden_size, input_size)) if input_size else None
        self.U = nn.Parameter(torch.empty(recurrent_shape)) if recurrence else None
        self.b = nn.Parameter(torch.empty(hidden_size)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters uniformly from ±1/sqrt(hidden), as torch.nn's recurrent modules do."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters(recurse=False):
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor | None = None, e: Tensor | None = None) -> Tensor:
        """Compute the pre-activation.

        Args:
            x: (batch, input); None exactly when the gate has no input weights.
            e: (batch, hidden); None exactly when the gate has no recurrent weights.
        """
        if (x is None) != (self.W is None) or (e is None) != (self.U is None):
            raise ValueError(f"this gate takes {self._operands()}")
        if self.W is None or x is None:
            total = self._recurrent(e)
            return total if self.b is None else total + self.b
        total = F.linear(x, self.W, self.b)
        return total if self.U is None else total + self._recurrent(e)

    def _recurrent(self, e: Tensor | None) -> Tensor:
        assert self.U is not None
        assert e is not None
        return F.linear(e, self.U) if self.recurrence == "dense" else self.U * e

    def _operands(self) -> str:
        return " and ".join(
            name for name, weights in (("an input x", self.W), ("a state expression e", self.U)) if weights is not None
        )

    def extra_repr(self) -> str:
        """Sizes and options, for printing."""
        return f"{self.input_size}, {self.hidden_size}, recurrence={self.recurrence!r}, bias={self.b is not None}"
