"""The gates' parameters in the kernel's order, and their gradients back in PyTorch's; see ``runtime/pack.h``."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor

from gatework.engine.layout import Layout, Zone, panel_width
from gatework.engine.threads import threads_for


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
        for name in ("pack_forward", "pack_backward", "separate_transposed"):
            getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 5]
        for name in ("interleave", "separate"):
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
            gates = _addresses([parameters[slot] for slot in zone.slots])
            at = self.part(zone, joined, 0).data_ptr()
            self.library.interleave(at, gates, len(zone.slots), zone.width, width, threads_for(joined))
        return joined

    def separated(
        self, buffer: int, joined: Tensor, like: Sequence[Tensor | None], result: list[Tensor | None], width: int
    ) -> None:
        """Put the gradient of ``interleaved`` into ``result``, one entry a slot."""
        for zone in self.layout.buffer(buffer):
            self.separated_zone(zone, self.part(zone, joined, 0), like, result, width)

    def separated_zone(
        self, zone: Zone, joined: Tensor, like: Sequence[Tensor | None], result: list[Tensor | None], width: int
    ) -> None:
        """The same for (columns, width) of one zone."""
        wanted = [like[slot] for slot in zone.slots]
        parts = [None if p is None else torch.empty_like(p, memory_format=torch.contiguous_format) for p in wanted]
        sizes, threads = (len(parts), zone.width, width), threads_for(joined)
        if joined.stride(1) == 1:
            self.library.separate(_addresses(parts), joined.data_ptr(), *sizes, threads)
        else:
            pitch = joined.stride(1)
            self.library.separate_transposed(_addresses(parts), joined.data_ptr(), *sizes, pitch, threads)
        for slot, part in zip(zone.slots, parts, strict=True):
            result[slot] = part

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

    def packed_forward(self, zone: Zone, U: Sequence[Tensor | None]) -> Tensor:
        """The panels that the forward loop multiplies with."""
        gates = [_whole(U[slot]) for slot in zone.slots]
        packed = torch.empty(self.columns([zone]) * zone.depth, dtype=self.dtype)
        sizes = (len(gates), zone.width, zone.depth, panel_width(len(gates)))
        self.library.pack_forward(packed.data_ptr(), _addresses(gates), *sizes, threads_for(packed))
        return packed

    def packed_inputs(self, buffer: int, W: Sequence[Tensor | None], width: int) -> Tensor:
        """The panels of a buffer's input weights, for single steps."""
        joined = self.interleaved(buffer, W, width)
        packed = torch.empty_like(joined)
        self.library.pack_forward(packed.data_ptr(), _addresses([joined]), 1, len(joined), width, 4, 1)
        return packed

    def packed_backward(self, zone: Zone, U: Sequence[Tensor | None]) -> Tensor:
        """The panels that the reverse loop multiplies with."""
        gates = [_whole(U[slot]) for slot in zone.slots]
        packed = torch.empty(self.columns([zone]) * self.padded(zone.depth), dtype=self.dtype)
        sizes = (len(gates), zone.width, zone.depth, 4)
        self.library.pack_backward(packed.data_ptr(), _addresses(gates), *sizes, threads_for(packed))
        return packed


def _whole(U: Tensor | None) -> Tensor | None:
    """Blocks as one matrix, zero between them; the products pass over what is zero for whole panels."""
    return U if U is None or U.dim() == 2 else torch.block_diag(*U)


def _addresses(tensors: Sequence[Tensor | None]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(tensors))(*(None if t is None else t.data_ptr() for t in tensors))
