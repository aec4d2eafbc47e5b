"""A recurrent layer: one cell run over a sequence in one direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from gatework import engine
from gatework.cells import Cell
from gatework.engine import Result, RunOptions
from gatework.engine.contract import check_input, check_resets, checked_lengths
from gatework.layers.regularizers import check, disturbed_weights, draw_noise
from gatework.settings import Regularizers


class Recurrent(nn.Module):
    """One cell run over a sequence.

    Args:
        cell: the recurrence.
        batch_first: x, resets and the results over time are (batch, time, ...) instead of (time, batch, ...).
        reverse: read each sequence from its last step to its first; the outputs keep the input's order.
        regularizers: what disturbs the cell while it trains; nothing unless said.
        learn_initial: the state that a sequence starts from is a parameter; it begins as the cell's own.
        engine: how the cell is run, see ``gatework.engine``.

    Raises:
        ValueError: the cell lacks what the regularizers act on.
        TypeError: the cell or the regularizers are of another kind.
    """

    def __init__(
        self,
        cell: Cell,
        *,
        batch_first: bool = False,
        reverse: bool = False,
        regularizers: Regularizers | None = None,
        learn_initial: bool = False,
        engine: str = "auto",
    ) -> None:
        super().__init__()
        self.regularizers = Regularizers() if regularizers is None else regularizers
        _check_kind("cell", cell, Cell)
        _check_kind("regularizers", self.regularizers, Regularizers)
        check(cell, self.regularizers)
        self.cell = cell
        self.batch_first = batch_first
        self.reverse = reverse
        self.engine = engine
        starts = cell.initial_state(1)._asdict() if learn_initial else {}
        self.initial = nn.ParameterDict({name: nn.Parameter(part[0]) for name, part in starts.items()})

    def forward(self, x: Tensor, state: Any = None, **options: Unpack[RunOptions]) -> Result:
        """Run the cell.

        Args:
            x: (time, batch, input), or (batch, time, input) if ``batch_first``.
            state: ``cell.State`` of (batch, size); the cell's initial state where none is given.
            options: as ``gatework.engine.run``; resets are (batch, time) if ``batch_first``, true at the first
                step of a new piece: no state crosses into it, in whichever direction the layer reads.

        Raises:
            ValueError, TypeError, EngineError: as ``gatework.engine.run``.
        """
        return self.run_with({}, x, state, **options)

    def run_with(
        self, weights: Mapping[str, Tensor], x: Tensor, state: Any = None, **options: Unpack[RunOptions]
    ) -> Result:
        """``forward`` with other tensors in the place of some of the cell's parameters: name -> tensor."""
        options = checked_rows(x, self.cell.input_size, options, batch_first=self.batch_first)
        resets = options.get("resets")
        if self.batch_first:
            x = x.transpose(0, 1)
            resets = None if resets is None else resets.transpose(0, 1)
        order = reading_order(x, options.get("lengths")) if self.reverse else None
        if order is not None:
            x = in_order(x, order)
            resets = None if resets is None else backward_resets(in_order(resets, order))
        options["resets"] = resets
        result = self._run(weights, x, state, options)
        return result.map_time(lambda values: self._as_given(values, order))

    def _run(self, weights: Mapping[str, Tensor], x: Tensor, state: Any, options: RunOptions) -> Result:
        """Run the cell on x (time, batch, input) with what was drawn for this run."""
        time, batch, _ = x.shape
        regularizers = self.regularizers
        if self.training and regularizers.input_noise:
            x = x + regularizers.input_noise * torch.randn_like(x)
        if options.get("noise") is None:
            options["noise"] = draw_noise(self.cell, regularizers, time, batch, self.training)
        if self.initial and options.get("initial") is None:
            options["initial"] = self.initial_state(batch)
        if self.training:
            weights = {**weights, **disturbed_weights(self.cell, regularizers)}
        if not weights:
            return engine.run(self.cell, x, state, engine=self.engine, **options)
        return engine.run_with(weights, self.cell, x, state, engine=self.engine, **options)

    def _as_given(self, values: Tensor, order: Tensor | None) -> Tensor:
        if order is not None:
            values = in_order(values, order)
        return values.transpose(0, 1) if self.batch_first else values

    def initial_state(self, batch: int) -> Any:
        """The ``cell.State`` of (batch, size) that sequences start from: the learned one, or the cell's."""
        if not self.initial:
            return self.cell.initial_state(batch)
        return self.cell.State(*(part.expand(batch, -1) for part in self.initial.values()))

    def extra_repr(self) -> str:
        """Options, for printing."""
        return f"batch_first={self.batch_first}, reverse={self.reverse}, engine={self.engine!r}"


def _check_kind(name: str, given: Any, kind: type) -> None:
    if not isinstance(given, kind):
        shown = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
        raise TypeError(f"{name} must be of the type {kind.__name__}, not {shown}")


def checked_rows(x: Any, width: int, options: RunOptions, *, batch_first: bool) -> RunOptions:
    """The options of a layer's run, once x, lengths and resets are seen to fit together in the layout they have.

    Raises:
        TypeError, ValueError: one of them has another type, shape or range; names it and what it was.
    """
    check_input(x, width, batch_first=batch_first)
    lengths, resets = options.get("lengths"), options.get("resets")
    if resets is not None:
        check_resets(resets, x.shape[:2])
    if lengths is None or torch.compiler.is_compiling():  # a compiled graph cannot look at values
        return options
    time, batch = (x.shape[1], x.shape[0]) if batch_first else (x.shape[0], x.shape[1])
    return {**options, "lengths": checked_lengths(lengths, time, batch)}


def reading_order(x: Tensor, lengths: Tensor | None) -> Tensor:
    """The places (time * batch,) of all steps in the order in which a backward reader takes them, last steps first.

    Its own inverse: padding stays where it is.
    """
    time, batch, _ = x.shape
    steps = torch.arange(time, device=x.device)[:, None]
    ends = torch.full((batch,), time, device=x.device) if lengths is None else lengths.to(x.device)
    taken = torch.where(steps < ends, ends - 1 - steps, steps)
    return (taken * batch + torch.arange(batch, device=x.device)).flatten()


def in_order(values: Tensor, order: Tensor) -> Tensor:
    """Take values (time, batch, ...) from the given places."""
    return values.flatten(0, 1).index_select(0, order).unflatten(0, values.shape[:2])


def backward_resets(resets: Tensor) -> Tensor:
    """Where a backward reader enters a new piece, both in its own order: after each step at which one begins."""
    return torch.cat([torch.zeros_like(resets[:1]), resets[:-1]])
