"""Several recurrent layers, one upon the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.cells import Cell
from gatework.engine import Result, RunOptions
from gatework.layers.recurrent import Recurrent
from gatework.settings import Regularizers


class Stack(nn.Module):
    """Layers of one kind of cell; each reads the outputs of the one below.

    Args:
        cell: makes a layer's cell from its input and hidden size: a ``Cell`` class or any function.
        input_size: width of the input.
        hidden_size: width of each layer and direction.
        layers: how many.
        bidirectional: each layer also reads backward; both outputs are joined.
        dropout: probability with which an output between two layers is dropped while training.
        regularizers: as in ``Recurrent``, for every layer and direction.
        learn_initial: as in ``Recurrent``.
        batch_first: as in ``Recurrent``.
        engine: as in ``Recurrent``.

    Raises:
        ValueError: ``layers`` is not positive, ``dropout`` lies outside [0, 1), or the cell lacks what the
            regularizers act on.
    """

    def __init__(
        self,
        cell: Callable[[int, int], Cell],
        input_size: int,
        hidden_size: int,
        *,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        regularizers: Regularizers | None = None,
        learn_initial: bool = False,
        batch_first: bool = False,
        engine: str = "auto",
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"layers must be at least 1, not {layers}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1), not {dropout}")
        self.hidden_size = hidden_size
        self.dropout = dropout
        self.directions = 2 if bidirectional else 1
        self.output_size = hidden_size * self.directions
        self.layers = nn.ModuleList(
            nn.ModuleList(
                Recurrent(
                    cell(input_size if layer == 0 else self.output_size, hidden_size),
                    batch_first=batch_first,
                    reverse=direction == 1,
                    regularizers=regularizers,
                    learn_initial=learn_initial,
                    engine=engine,
                )
                for direction in range(self.directions)
            )
            for layer in range(layers)
        )

    def forward(self, x: Tensor, state: Any = None, **options: Unpack[RunOptions]) -> Result:
        """Run all layers.

        Args:
            x: (time, batch, input), or (batch, time, input) if ``batch_first``.
            state: a tuple of ``Cell.State``, layer by layer and in each forward before backward; the
                cells' initial states where none is given.
            options: as in ``Recurrent``, for all layers.

        Returns:
            Outputs of the last layer (time, batch, hidden * directions), and the states (with every_state
            also those of all steps) as a tuple in the order of ``state``.

        Raises:
            ValueError, TypeError, EngineError: as ``gatework.engine.run``; the number of states is wrong.
        """
        count = len(self.layers) * self.directions
        if state is not None and len(state) != count:
            raise ValueError(f"state must be a tuple of {count} states, one a layer and direction, not {len(state)}")
        starts = iter([None] * count if state is None else state)
        results: list[Result] = []
        for depth, layer in enumerate(self.layers):
            if depth:
                x = F.dropout(x, self.dropout, self.training)
            both = [
                direction(x, next(starts), **options)
                for direction in layer  # type: ignore[attr-defined]  # a ModuleList of Recurrent
            ]
            results += both
            x = both[0].outputs if len(both) == 1 else torch.cat([one.outputs for one in both], dim=-1)
        final = tuple(result.state for result in results)
        return Result(x, final, tuple(result.states for result in results) if options.get("every_state") else None)
