"""The gate: one affine map of the input and of an expression of the state."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.cells.initialisers import INITIALISERS

Recurrence = Literal["dense", "diagonal", "block"] | None
Initialiser = Literal["uniform", "glorot", "identity"]


class Gate(nn.Module):
    """A pre-activation ``W x + U e + b``, where ``e`` is any expression of the state.

    Args:
        input_size: width of ``x``; 0 for a gate that does not see the input.
        hidden_size: width of the result.
        recurrence: what ``U`` is: ``"dense"`` a matrix, ``"diagonal"`` a vector used elementwise, ``"block"``
            a matrix for each head, by which each part of the state sees only itself; ``None`` absent.
        state_size: width of ``e``; ``hidden_size`` unless said.
        heads: the number of parts, for ``"block"``.
        bias: whether there is a ``b``.
        layer_norm: normalise both products over the units, each with a gain of its own:
            ``input_gain * norm(W x) + state_gain * norm(U e) + b`` (Ba, Kiros and Hinton 2016, arXiv:1607.06450).
        init: how the parameters start: ``"uniform"`` as torch.nn, ``"glorot"`` with orthogonal ``U`` as Keras,
            ``"identity"`` with ``U`` the identity.
        start: what ``b`` starts at, whatever ``init`` says; as that says if None.

    Attributes:
        W: (hidden, input) or None.
        U: (hidden, state), (hidden,) or (heads, hidden / heads, state / heads) or None.
        b: (hidden,) or None.
        input_gain, state_gain: (hidden,), gains of the normalised products, or None.
        mask: (batch, state) by which ``e`` is multiplied during a run with recurrent dropout, or None.

    Raises:
        ValueError: neither ``W`` nor ``U`` would exist, sizes do not fit, or a name is unknown.
    """

    W: nn.Parameter | None
    U: nn.Parameter | None
    b: nn.Parameter | None
    input_gain: nn.Parameter | None
    state_gain: nn.Parameter | None
    mask: Tensor | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        recurrence: Recurrence = "dense",
        state_size: int | None = None,
        heads: int = 1,
        bias: bool = True,
        layer_norm: bool = False,
        init: Initialiser = "uniform",
        start: float | None = None,
    ) -> None:
        super().__init__()
        if recurrence not in ("dense", "diagonal", "block", None):
            raise ValueError(f"recurrence must be 'dense', 'diagonal', 'block' or None, not {recurrence!r}")
        if init not in INITIALISERS:
            raise ValueError(f"init must be one of {', '.join(INITIALISERS)}, not {init!r}")
        sizes = {"input_size": (input_size, 0), "hidden_size": (hidden_size, 1), "state_size": (state_size, 1)}
        for name, (size, least) in sizes.items():
            if size is not None and (not isinstance(size, int) or size < least):
                raise ValueError(f"{name} must be an integer of at least {least}, not {size!r}")
        if not input_size and not recurrence:
            raise ValueError("a gate without input and without recurrence would be a constant")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.recurrence = recurrence
        self.state_size = hidden_size if state_size is None else state_size
        self.heads = heads
        self.layer_norm = layer_norm
        self.init = init
        self.start = start
        self.mask = None
        self.W = nn.Parameter(torch.empty(hidden_size, input_size)) if input_size else None
        self.U = nn.Parameter(torch.empty(self._recurrent_shape())) if recurrence else None
        self.b = nn.Parameter(torch.empty(hidden_size)) if bias else None
        self.input_gain = nn.Parameter(torch.empty(hidden_size)) if layer_norm and input_size else None
        self.state_gain = nn.Parameter(torch.empty(hidden_size)) if layer_norm and recurrence else None
        self.reset_parameters()

    def _recurrent_shape(self) -> tuple[int, ...]:
        hidden, state, heads = self.hidden_size, self.state_size, self.heads
        if self.recurrence == "diagonal" and state != hidden:
            raise ValueError(f"a diagonal recurrence maps a state of {state} onto itself, not onto {hidden}")
        if self.recurrence != "block":
            if heads != 1:
                raise ValueError(f"heads belong to recurrence='block', not to {self.recurrence!r}")
            return (hidden,) if self.recurrence == "diagonal" else (hidden, state)
        if heads < 1 or hidden % heads or state % heads:
            raise ValueError(f"heads must divide the widths {hidden} and {state}, {heads} does not")
        return (heads, hidden // heads, state // heads)

    def reset_parameters(self) -> None:
        """Draw the parameters as ``init`` and ``start`` say; gains start at 1."""
        INITIALISERS[self.init](self)
        if self.start is not None and self.b is not None:
            nn.init.constant_(self.b, self.start)
        for gain in (self.input_gain, self.state_gain):
            if gain is not None:
                nn.init.ones_(gain)

    def forward(self, x: Tensor | None = None, e: Tensor | None = None) -> Tensor:
        """Compute the pre-activation.

        Args:
            x: (batch, input); None exactly when the gate has no input weights.
            e: (batch, state); None exactly when the gate has no recurrent weights.
        """
        if (x is None) != (self.W is None) or (e is None) != (self.U is None):
            raise ValueError(f"this gate takes {self._operands()}")
        if x is None:
            total = self.recurrent(e)
            return total if self.b is None else total + self.b
        total = self.projected(x)
        return total if e is None else total + self.recurrent(e)

    def projected(self, x: Tensor) -> Tensor:
        """What the input contributes, b included: x (rows, input) to (rows, hidden)."""
        assert self.W is not None
        if self.input_gain is None:
            return F.linear(x, self.W, self.b)
        return F.layer_norm(F.linear(x, self.W), (self.hidden_size,), self.input_gain, self.b)

    def recurrent(self, e: Tensor | None) -> Tensor:
        """What the state contributes: e (batch, state) to (batch, hidden)."""
        assert self.U is not None
        assert e is not None
        if self.mask is not None:
            e = e * self.mask
        if self.recurrence == "dense":
            product = F.linear(e, self.recurrent_weights())
        elif self.recurrence == "diagonal":
            product = self.U * e
        else:
            product = torch.einsum("bhi,hoi->bho", e.unflatten(1, (self.heads, -1)), self.U).flatten(1)
        return product if self.state_gain is None else F.layer_norm(product, (self.hidden_size,), self.state_gain)

    def recurrent_weights(self) -> Tensor:
        """What multiplies the state of a dense gate (hidden, state): ``U``, or what a kind of gate makes of it."""
        assert self.U is not None
        return self.U

    def _operands(self) -> str:
        return " and ".join(
            name for name, weights in (("an input x", self.W), ("a state expression e", self.U)) if weights is not None
        )

    def extra_repr(self) -> str:
        """Sizes and options, for printing."""
        return f"{self.input_size}, {self.hidden_size}, recurrence={self.recurrence!r}, bias={self.b is not None}"
