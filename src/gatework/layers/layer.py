"""One layer of a stack: what it reads is prepared, read in one or both directions, joined, and connected past it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypedDict, Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.cells import Cell
from gatework.engine import Result, RunOptions
from gatework.layers.padding import steps_within
from gatework.layers.recurrent import Recurrent
from gatework.settings import Regularizers

MakeCell = Callable[[int, int], Cell]


class LayerOptions(TypedDict, total=False):
    """What a layer can be given besides its cell and sizes; see ``Layer``."""

    bidirectional: bool
    join: Literal["concat", "sum", "mean"]
    connection: Literal["residual", "highway", "skip"] | None
    layer_norm: bool
    dropout: float
    variational: bool
    reduce_time: int
    projection: int | None
    regularizers: Regularizers | None
    learn_initial: bool
    engine: str


def check_options(options: LayerOptions) -> None:
    """See that the options exist and are in range.

    Raises:
        TypeError, ValueError: one does not or is not.
    """
    if unknown := options.keys() - LayerOptions.__annotations__.keys():
        raise TypeError(f"a layer has no option {', '.join(sorted(unknown))}")
    dropout, reduce_time = options.get("dropout", 0.0), options.get("reduce_time", 1)
    join, connection = options.get("join", "concat"), options.get("connection")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must lie in [0, 1), not {dropout}")
    check_count("reduce_time", reduce_time)
    if (projection := options.get("projection")) is not None:
        check_count("projection", projection)
    if join not in ("concat", "sum", "mean"):
        raise ValueError(f"join must be 'concat', 'sum' or 'mean', not {join!r}")
    if connection not in ("residual", "highway", "skip", None):
        raise ValueError(f"connection must be 'residual', 'highway', 'skip' or None, not {connection!r}")


def check_count(name: str, count: Any) -> None:
    """See that a count is a positive integer.

    Raises:
        TypeError, ValueError: it is not.
    """
    if not isinstance(count, int):
        raise TypeError(f"{name} must be an integer, not {count!r}")
    if count < 1:
        raise ValueError(f"{name} must be at least 1, not {count}")


class Layer(nn.Module):
    """A recurrent layer with all that can stand around it, time first.

    In this order: ``reduce_time`` steps become one; the input is normalised; some of it is dropped; one cell or two
    read it; their outputs are joined and projected; the connection adds the input, neither normalised nor dropped.

    Args:
        cell: makes the cell from its input and hidden size: a ``Cell`` class or any function.
        input_size: width of what it reads.
        hidden_size: width of each direction.
        bidirectional: a second cell reads from the last step to the first.
        join: how both directions become one: ``"concat"``, ``"sum"`` or ``"mean"``.
        connection: ``"residual"`` adds the input to the output (He et al. 2016, arXiv:1512.03385), through a learned
            map where widths differ; ``"highway"`` lets a learned gate choose between them (Srivastava, Greff and
            Schmidhuber 2015, arXiv:1505.00387), shut at first; ``"skip"`` puts them side by side (Graves 2013,
            arXiv:1308.0850).
        layer_norm: normalise the input over its features.
        dropout: probability with which an input is dropped while training.
        variational: drop the same features at all steps (Gal and Ghahramani 2016, arXiv:1512.05287).
        reduce_time: how many steps are read as one, side by side, the last filled up with zeros: the pyramid of
            Chan et al. 2016, arXiv:1508.01211.
        projection: width of a learned map of the outputs; none if None.
        regularizers, learn_initial, engine: as in ``Recurrent``.

    Attributes:
        output_size: width of the outputs.

    Raises:
        ValueError: an option is out of range.
    """

    def __init__(self, cell: MakeCell, input_size: int, hidden_size: int, **options: Unpack[LayerOptions]) -> None:
        super().__init__()
        check_options(options)
        self.dropout = options.get("dropout", 0.0)
        self.variational = options.get("variational", False)
        self.reduce_time = options.get("reduce_time", 1)
        self.join = options.get("join", "concat")
        self.connection = options.get("connection")
        read = input_size * self.reduce_time
        self.norm = nn.LayerNorm(read) if options.get("layer_norm") else None
        self.directions = nn.ModuleList(
            Recurrent(
                cell(read, hidden_size),
                reverse=reverse,
                regularizers=options.get("regularizers"),
                learn_initial=options.get("learn_initial", False),
                engine=options.get("engine", "auto"),
            )
            for reverse in ([False, True] if options.get("bidirectional") else [False])
        )
        wide = hidden_size * len(self.directions) if self.join == "concat" else hidden_size
        projection = options.get("projection")
        self.projection = None if projection is None else nn.Linear(wide, projection)
        inner = wide if projection is None else projection
        self.past = None if self.connection in (None, "skip") or read == inner else nn.Linear(read, inner, bias=False)
        self.carry = _shut(read, inner) if self.connection == "highway" else None
        self.output_size = read + inner if self.connection == "skip" else inner

    def __iter__(self) -> Iterator[Recurrent]:
        return iter(self.directions)  # type: ignore[arg-type]  # a ModuleList of Recurrent

    def __getitem__(self, direction: int) -> Recurrent:
        return self.directions[direction]  # type: ignore[return-value]

    def __len__(self) -> int:
        return len(self.directions)

    @property
    def is_bare(self) -> bool:
        """Whether nothing stands around its cells, dropout aside."""
        return self.reduce_time == 1 and self.norm is None and self.projection is None and self.connection is None

    def forward(self, x: Tensor, starts: list[Any], **options: Unpack[RunOptions]) -> tuple[Tensor, list[Result]]:
        """Run the layer.

        Args:
            x: (time, batch, input).
            starts: a state, or None, for each direction.
            options: as ``gatework.engine.run``, in the layer's own steps: see ``reduced``.

        Returns:
            The outputs (time / reduce_time rounded up, batch, output), zero past a row's length, and the directions'
            own results.
        """
        lengths = options.get("lengths")
        x = self._grouped(x)
        read = self._dropped(x if self.norm is None else self.norm(x))
        results = [direction(read, start, **options) for direction, start in zip(self, starts, strict=True)]
        outputs = self._joined([result.outputs for result in results])
        if self.projection is not None:
            outputs = self.projection(outputs)
        outputs = self._connected(x, outputs)
        bare = self.projection is None and self.connection is None
        return outputs if bare or lengths is None else without_padding(outputs, lengths), results

    def reduced(self, options: RunOptions) -> RunOptions:
        """The lengths and resets of a run in this layer's steps, each of them several of the layer below."""
        if self.reduce_time == 1:
            return options
        lengths, resets, every = options.get("lengths"), options.get("resets"), self.reduce_time
        changed: RunOptions = {**options}
        if lengths is not None:
            changed["lengths"] = -(-lengths.to(torch.int64) // every)
        if resets is not None:
            changed["resets"] = _filled(resets, every).unflatten(0, (-1, every)).any(dim=1)
        return changed

    def _grouped(self, x: Tensor) -> Tensor:
        if self.reduce_time == 1:
            return x
        return _filled(x, self.reduce_time).unflatten(0, (-1, self.reduce_time)).transpose(1, 2).flatten(2)

    def _dropped(self, x: Tensor) -> Tensor:
        if self.variational:
            return x * F.dropout(torch.ones_like(x[:1]), self.dropout, self.training)
        return F.dropout(x, self.dropout, self.training)

    def _joined(self, outputs: list[Tensor]) -> Tensor:
        if len(outputs) == 1:
            return outputs[0]
        if self.join == "concat":
            return torch.cat(outputs, dim=-1)
        total = outputs[0] + outputs[1]
        return total if self.join == "sum" else total / 2

    def _connected(self, x: Tensor, outputs: Tensor) -> Tensor:
        if self.connection is None:
            return outputs
        if self.connection == "skip":
            return torch.cat([x, outputs], dim=-1)
        past = x if self.past is None else self.past(x)
        if self.carry is None:
            return past + outputs
        gate = torch.sigmoid(self.carry(x))
        return gate * outputs + (1 - gate) * past


def without_padding(x: Tensor, lengths: Tensor) -> Tensor:
    """Give x (time, batch, ...) zeros past each row's length, whatever was there."""
    return torch.where(steps_within(lengths, len(x), x.device)[:, :, None], x, 0)


def _filled(x: Tensor, every: int) -> Tensor:
    """Give x (time, ...) zeros at its end, up to a multiple of steps."""
    missing = -len(x) % every
    return x if not missing else torch.cat([x, x.new_zeros(missing, *x.shape[1:])])


def _shut(read: int, inner: int) -> nn.Linear:
    """A highway's gate: at first it lets mostly the input past."""
    gate = nn.Linear(read, inner)
    nn.init.constant_(gate.bias, -2.0)
    return gate
