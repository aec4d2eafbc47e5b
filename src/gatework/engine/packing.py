"""The gates' parameters in the kernel's order, and their gradients back in PyTorch's; see ``runtime/pack.h``."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from gatework.engine.layout import Layout, Zone
from gatework.engine.tensors import Weights
from gatework.engine.threads import threads_for
from gatework.engine.workspace import take


class Packing:
    """Moves parameters for one kernel.

    Args:
        library: the built kernel.
        places: where its slots lie.
        dtype: its type.

    Attributes:
        lanes: the numbers in a vector.
    """

    def __init__(self, library: ctypes.CDLL, places: Layout, dtype: torch.dtype) -> None:
        self.library = library
        self.layout = places
        self.dtype = dtype
        for name in ("interleave", "pack_forward", "pack_backward"):
            getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 4]
        library.lanes.restype = ctypes.c_int64
        self.lanes = int(library.lanes())

    def padded(self, width: int) -> int:
        """A width rounded up to whole vectors."""
        return -(-width // self.lanes) * self.lanes

    def columns(self, zones: Sequence[Zone]) -> int:
        """How many columns of a buffer some zones have."""
        return sum(len(zone.slots) * self.padded(zone.width) for zone in zones)

    def part(self, zone: Zone, buffer: Tensor, dim: int) -> Tensor:
        """The columns of a zone, which are dimension ``dim`` of something laid out like its buffer."""
        return buffer.narrow(dim, self.columns(self.layout.before(zone)), self.columns([zone]))

    def interleaved(self, buffer: int, parameters: Sequence[Tensor | None], width: int) -> Tensor:
        """The W or b of a buffer's slots as (columns, width), in the buffer's order."""
        zones = self.layout.buffer(buffer)
        joined = torch.empty(self.columns(zones), width, dtype=self.dtype)
        for zone in zones:
            gates = addresses([parameters[slot] for slot in zone.slots])
            at, sizes = self.part(zone, joined, 0).data_ptr(), (len(zone.slots), zone.width, width)
            self.library.interleave(at, gates.buffer_info()[0], *sizes, threads_for(joined.numel()))
        return joined

    def bias(self, buffer: int, weights: Weights) -> Tensor:
        """The b of a buffer's slots, (columns, 1)."""
        if ("b", buffer) not in weights.packed:
            weights.packed["b", buffer] = self.interleaved(buffer, weights.b, 1)
        return weights.packed["b", buffer]

    def separated_head(self, zone: Zone, head: int, joined: Tensor) -> Tensor:
        """The gradient of one block of all gates of a zone, (gates, width / heads, depth / heads).

        Args:
            zone: whose matrices consist of blocks.
            head: the block.
            joined: (columns, depth / heads), the vectors that hold units of the head.
        """
        size = zone.width // zone.heads
        units = joined.view(-1, len(zone.slots), self.lanes, joined.shape[1]).transpose(0, 1).flatten(1, 2)
        return units.narrow(1, head * size % self.lanes, size)

    def head_columns(self, zone: Zone, head: int) -> tuple[int, int]:
        """First and number of the columns whose vectors hold units of a head."""
        size, grain = zone.width // zone.heads, len(zone.slots) * self.lanes
        first = head * size // self.lanes
        return first * grain, (self.padded((head + 1) * size) // self.lanes - first) * grain

    def forward_panels(self, zone: Zone, weights: Weights, of: Literal["W", "U"], depth: int) -> Tensor:
        """Panels of a zone's matrices, (width, depth) each, for products with rows of their inputs."""
        return self._panels(self.library.pack_forward, f"{of} forward", zone, weights, depth, depth)

    def packed_inputs(self, buffer: int, W: Sequence[Tensor | None], width: int) -> Tensor:
        """The panels of a buffer's input weights, all zones together, for single steps."""
        joined = self.interleaved(buffer, W, width)
        packed, table = torch.empty_like(joined), addresses([joined])
        self.library.pack_forward(packed.data_ptr(), table.buffer_info()[0], 1, len(joined), width, 1)
        return packed

    def backward_panels(self, zone: Zone, weights: Weights, of: Literal["W", "U"], depth: int) -> Tensor:
        """Panels of the same, for products with rows of slopes."""
        return self._panels(self.library.pack_backward, f"{of} backward", zone, weights, depth, self.padded(depth))

    def _panels(self, pack: Any, name: str, zone: Zone, weights: Weights, depth: int, rows: int) -> Tensor:
        if (name, zone) not in weights.packed:
            packed = take((self.columns([zone]) * rows,), self.dtype)
            gates = weights.W if name[0] == "W" else weights.U
            whole = [_whole(gates[slot]) for slot in zone.slots]
            table = addresses(whole)
            pack(packed.data_ptr(), table.buffer_info()[0], len(whole), zone.width, depth, threads_for(packed.numel()))
            weights.packed[name, zone] = packed
        return weights.packed[name, zone]


def _whole(U: Tensor | None) -> Tensor | None:
    """Blocks as one matrix, zero between them; the products pass over what is zero for whole panels."""
    return U if U is None or U.dim() == 2 else torch.block_diag(*U)


def addresses(tensors: Sequence[Tensor | None]) -> array[int]:
    """Of the tensors' data, 0 for None."""
    return array("q", [0 if t is None else t.data_ptr() for t in tensors])
