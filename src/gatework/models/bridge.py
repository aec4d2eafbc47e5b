"""From an encoder's last states to a decoder's first, whatever their cells."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gatework.layers import Stack

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
            nn.ModuleDict(
                {
                    name: nn.Linear(widths[source], width)
                    for name, width in zip(layer[0].cell.states, layer[0].cell.state_sizes, strict=True)
                    if name in MAPPED
                }
            )
            for layer, source in zip(decoder, self._sources, strict=True)
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
            state._replace(**self._mapped(maps, layers[source]))
            for state, maps, source in zip(first, self.maps, self._sources, strict=True)
        )

    @staticmethod
    def _mapped(maps: nn.Module, states: Tensor) -> dict[str, Tensor]:
        assert isinstance(maps, nn.ModuleDict)
        return {name: torch.tanh(one(states)) for name, one in maps.items()}
