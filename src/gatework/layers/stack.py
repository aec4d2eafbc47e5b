"""Several recurrent layers, one upon the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Unpack

from torch import Tensor, nn

from gatework.engine import Result, RunOptions
from gatework.layers.layer import Layer, LayerOptions, MakeCell, check_count, check_options, without_padding
from gatework.layers.recurrent import checked_rows

BETWEEN = ("dropout", "variational", "layer_norm")
"""Options that act between layers: the first layer's input is left as it is."""


class Stack(nn.Module):
    """Layers that read the outputs of the one below.

    Args:
        cell: makes a layer's cell from its input and hidden size: a ``Cell`` class or any function; or a sequence
            of such, one a layer.
        input_size: width of the input.
        hidden_size: width of each layer and direction; or a sequence, one a layer.
        layers: how many.
        shared: all layers but the first are one and the same, with the same weights.
        batch_first: x, resets and the results over time are (batch, time, ...) instead of (time, batch, ...).
        options: those of ``Layer``, for all layers; dropout and layer norm act between layers, not on the input.

    Attributes:
        output_size: width of the outputs.

    Raises:
        ValueError: ``layers`` is not positive, a sequence has another length, layers that differ cannot be shared,
            or an option is out of range.
        TypeError: ``layers`` is no integer, or ``cell`` makes no cells.
    """

    def __init__(
        self,
        cell: MakeCell | Sequence[MakeCell],
        input_size: int,
        hidden_size: int | Sequence[int],
        *,
        layers: int = 1,
        shared: bool = False,
        batch_first: bool = False,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__()
        check_count("layers", layers)
        check_options(options)  # also of those that act between layers, where there is only one
        self.input_size = input_size
        self.batch_first = batch_first
        makers = _for_each("cell", cell, layers)
        for maker in makers:
            if isinstance(maker, nn.Module) or not callable(maker):
                raise TypeError(f"cell must be a class or function that makes a cell from its sizes, not {maker!r}")
        sizes = _for_each("hidden_size", hidden_size, layers)
        outside: LayerOptions = {name: value for name, value in options.items() if name not in BETWEEN}  # type: ignore[assignment]
        built: list[Layer] = []
        width = input_size
        for depth in range(layers):
            if shared and depth > 1:
                _check_same(built[-1], makers[depth - 1 : depth + 1], sizes[depth - 1 : depth + 1], width)
                continue
            built.append(Layer(makers[depth], width, sizes[depth], **(options if depth else outside)))
            width = built[-1].output_size
        self.layers = nn.ModuleList(built)
        self.order = tuple(min(depth, len(built) - 1) for depth in range(layers))
        self.output_size = width

    def __iter__(self) -> Iterator[Layer]:
        return (self.layers[index] for index in self.order)  # type: ignore[misc]  # a ModuleList of Layer

    def forward(self, x: Tensor, state: Any = None, **options: Unpack[RunOptions]) -> Result:
        """Run all layers.

        Args:
            x: (time, batch, input), or (batch, time, input) if ``batch_first``.
            state: a tuple of ``Cell.State``, layer by layer and in each forward before backward; the
                cells' initial states where none is given.
            options: as in ``Recurrent``, for all layers.

        Returns:
            Outputs of the last layer (time, batch, output), with fewer steps if layers reduce them (see
            ``lengths_after``), and the states (with every_state also those of all steps) as a tuple in the order of
            ``state``.

        Raises:
            ValueError, TypeError, EngineError: as ``gatework.engine.run``; the number of states is wrong, or there
                is an ``initial``, which cells of other sizes could not share.
        """
        deep = list(self)
        count = sum(map(len, deep))
        if state is not None and not isinstance(state, tuple | list):
            kind = type(state).__name__
            raise TypeError(f"state must be a tuple of {count} states, one a layer and direction, not a {kind}")
        if state is not None and len(state) != count:
            raise ValueError(f"state must be a tuple of {count} states, one a layer and direction, not {len(state)}")
        if options.get("initial") is not None:
            raise ValueError("initial is of one cell: a stack takes a state, or learns where it starts (learn_initial)")
        starts = [None] * count if state is None else list(state)
        x, options = self._time_first(x, options)
        results: list[Result] = []
        for layer in deep:
            options = layer.reduced(options)
            given, starts = starts[: len(layer)], starts[len(layer) :]
            x, found = layer(x, given, **options)
            results += found
        final = tuple(result.state for result in results)
        states = tuple(result.states for result in results) if options.get("every_state") else None
        if not self.batch_first:
            return Result(x, final, states)
        turned = None if states is None else tuple(type(one)(*(p.transpose(0, 1) for p in one)) for one in states)
        return Result(x.transpose(0, 1), final, turned)

    def _time_first(self, x: Tensor, options: RunOptions) -> tuple[Tensor, RunOptions]:
        options = checked_rows(x, self.input_size, options, batch_first=self.batch_first)
        lengths, resets = options.get("lengths"), options.get("resets")
        if self.batch_first:
            x = x.transpose(0, 1)
            resets = None if resets is None else resets.transpose(0, 1)
        plain = all(layer.connection is None and layer.norm is None and layer.reduce_time == 1 for layer in self)
        if lengths is not None and not plain:
            x = without_padding(x, lengths)  # what is there must not reach an output on a way around the cells
        return x, {**options, "resets": resets}

    def initial_state(self, batch: int) -> tuple[Any, ...]:
        """What sequences start from, in the order and form of ``state``."""
        return tuple(direction.initial_state(batch) for layer in self for direction in layer)

    def lengths_after(self, lengths: Tensor) -> Tensor:
        """How many steps of output rows of these lengths (batch,) have."""
        options: RunOptions = {"lengths": lengths}
        for layer in self:
            options = layer.reduced(options)
        found = options["lengths"]
        assert found is not None
        return found


def _for_each(name: str, given: Any, layers: int) -> list[Any]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        return [given] * layers
    if len(given) != layers:
        raise ValueError(f"{name} has {len(given)} entries for {layers} layers")
    return list(given)


def _check_same(layer: Layer, makers: Sequence[MakeCell], sizes: Sequence[int], width: int) -> None:
    cell = layer[0].cell
    if makers[0] is not makers[1] or sizes[0] != sizes[1] or cell.input_size != width * layer.reduce_time:
        raise ValueError("layers that share their weights must have the same cell and sizes, and read what they write")
