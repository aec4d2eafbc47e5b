"""From what was read to a decoder's first states, whatever its cells."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gatework.layers import Layer, Stack

MAPPED = frozenset({"h", "c", "y"})
"""States that may take any value; others count steps, normalise, or hold past inputs, and start as the cell says."""


class Bridge(nn.Module):
    """Learned maps: each state of a decoder's layer from all states of the encoder's layer as deep, or its last.

        s_0 = tanh(W [h_T; c_T; ...] + b)

    Args:
        encoder: what was read by.
        decoder: what will write.
    """

    def __init__(self, encoder: Stack, decoder: Stack) -> None:
        super().__init__()
        self._directions = [len(layer) for layer in encoder]
        widths = [sum(sum(one.cell.state_sizes) for one in layer) for layer in encoder]
        self._sources = [min(depth, len(widths) - 1) for depth in range(len(decoder.order))]
        self.maps = nn.ModuleList(
            _maps(widths[source], layer) for layer, source in zip(decoder, self._sources, strict=True)
        )

    def forward(self, last: tuple[Any, ...], first: tuple[Any, ...]) -> tuple[Any, ...]:
        """Map states.

        Args:
            last: the encoder's, layer by layer and in each forward before backward.
            first: what the decoder would start from; its states of other names stay.
        """
        layers, begin = [], 0
        for count in self._directions:
            layers.append(torch.cat([part for state in last[begin : begin + count] for part in state], dim=-1))
            begin += count
        return tuple(
            state._replace(**_mapped(maps, layers[source]))
            for state, maps, source in zip(first, self.maps, self._sources, strict=True)
        )


class VectorBridge(nn.Module):
    """Learned maps of one vector: each state of each layer of a decoder.

        s_0 = tanh(W v + b)

    Args:
        width: of the vector.
        decoder: what will write.
    """

    def __init__(self, width: int, decoder: Stack) -> None:
        super().__init__()
        self.maps = nn.ModuleList(_maps(width, layer) for layer in decoder)

    def forward(self, vector: Tensor, first: tuple[Any, ...]) -> tuple[Any, ...]:
        """Map a vector (batch, width).

        Args:
            vector: what is to be described.
            first: what the decoder would start from; its states of other names stay.
        """
        return tuple(state._replace(**_mapped(maps, vector)) for state, maps in zip(first, self.maps, strict=True))


def _maps(width: int, layer: Layer) -> nn.ModuleDict:
    """From a vector of a width to the states of a layer of one direction."""
    sizes = zip(layer[0].cell.states, layer[0].cell.state_sizes, strict=True)
    return nn.ModuleDict({name: nn.Linear(width, size) for name, size in sizes if name in MAPPED})


def _mapped(maps: nn.Module, vector: Tensor) -> dict[str, Tensor]:
    assert isinstance(maps, nn.ModuleDict)
    return {name: torch.tanh(one(vector)) for name, one in maps.items()}
