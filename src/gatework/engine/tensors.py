"""What enters a run of a kernel and what it leaves: tensors, contiguous, on the CPU and of the kernel's type."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gatework.engine.ragged import Ragged


@dataclass(frozen=True)
class Weights:
    """The parameters of the gates, one entry a slot, None where a gate has none.

    Attributes:
        W: (width, input).
        U: (width, depth) or (heads, width / heads, depth / heads): what is multiplied in every step.
        b: (width,).
    """

    W: tuple[Tensor | None, ...]
    U: tuple[Tensor | None, ...]
    b: tuple[Tensor | None, ...]


@dataclass(frozen=True)
class Inputs:
    """What a run starts from.

    ``rows`` are those of all steps, step by step: ``time * batch``, or fewer where they are ragged.

    Attributes:
        sources: (rows, any) each: what input weights multiply.
        sequences: (rows, width) each.
        parameters: (width,) each.
        start: (batch, width) each: the states before the first step.
        initial: (batch, width) each: the states that a reset returns to.
        ragged: where the rows of each step lie; None where all rows run at all steps.
        resets: (rows,) bool, or None.
        time: number of steps.
        held: (batch, width) each: noise that stays the same.
        drawn: (rows, width) each: noise of every step.
    """

    sources: tuple[Tensor, ...]
    sequences: tuple[Tensor, ...]
    parameters: tuple[Tensor, ...]
    start: tuple[Tensor, ...]
    initial: tuple[Tensor, ...]
    ragged: Ragged | None
    resets: Tensor | None
    time: int
    held: tuple[Tensor, ...] = ()
    drawn: tuple[Tensor, ...] = ()

    @property
    def rows(self) -> int:
        """The rows of all steps."""
        return self.time * len(self.start[0]) if self.ragged is None else len(self.ragged.places)


@dataclass(frozen=True)
class Trace:
    """What a run leaves for its gradient.

    Attributes:
        buffers: (rows, columns) each: pre-activations, or activations where those suffice.
        states: (rows, width) each: after each step. Two steps only for states that nobody wants of runs without
            gradient.
        operands: (rows, depth) each: the expressions that products multiplied.
    """

    buffers: tuple[Tensor, ...]
    states: tuple[Tensor, ...]
    operands: tuple[Tensor, ...]


@dataclass(frozen=True)
class Gradients:
    """The gradients of all that entered a run, in the shapes of ``Inputs`` and ``Weights``."""

    sources: tuple[Tensor | None, ...]
    sequences: tuple[Tensor, ...]
    parameters: tuple[Tensor, ...]
    start: tuple[Tensor, ...]
    initial: tuple[Tensor | None, ...]
    W: tuple[Tensor | None, ...]
    U: tuple[Tensor | None, ...]
    b: tuple[Tensor | None, ...]
