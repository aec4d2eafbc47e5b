"""What enters a run of a kernel and what it leaves: tensors, contiguous, on the CPU and of the kernel's type."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from torch import Tensor

from gatework.engine.layout import Zone
from gatework.engine.ragged import Ragged


@dataclass(frozen=True)
class Weights:
    """The parameters of the gates, one entry a slot, None where a gate has none.

    Attributes:
        W: (width, input).
        U: (width, depth) or (heads, width / heads, depth / heads): what is multiplied in every step.
        b: (width,).
        packed: what a kernel's products made of them, for as long as they serve.
    """

    W: tuple[Tensor | None, ...]
    U: tuple[Tensor | None, ...]
    b: tuple[Tensor | None, ...]
    packed: dict[tuple[str, Zone | int], Tensor] = field(default_factory=dict, repr=False)


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
        return self.rows_of(0, self.time).stop

    def rows_of(self, first: int, stop: int) -> slice:
        """The rows of some steps."""
        if self.ragged is None:
            return slice(first * len(self.start[0]), stop * len(self.start[0]))
        return slice(int(self.ragged.offsets[first]), int(self.ragged.offsets[stop]))

    def piece(self, first: int, stop: int, start: tuple[Tensor, ...]) -> Inputs:
        """The steps from first to stop as a run of their own, which starts from the states before them."""
        rows = self.rows_of(first, stop)
        return replace(
            self,
            sources=tuple(part[rows] for part in self.sources),
            sequences=tuple(part[rows] for part in self.sequences),
            start=start,
            ragged=None if self.ragged is None else self.ragged.piece(first, stop),
            resets=None if self.resets is None else self.resets[rows],
            time=stop - first,
            drawn=tuple(part[rows] for part in self.drawn),
        )


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

    @property
    def flat(self) -> tuple[Tensor | None, ...]:
        """All in one, in the order of a run's tensors."""
        inputs = (*self.sources, *self.sequences, *self.parameters, *self.start, *self.initial)
        return (*inputs, *self.W, *self.U, *self.b)
