"""The products over all time steps at once: before the loop with inputs, after it with slopes; see runtime/dense.h."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gatework.engine.layout import Zone
from gatework.engine.packing import Packing, addresses
from gatework.engine.tensors import Weights
from gatework.engine.threads import threads_for
from gatework.engine.workspace import take


@dataclass(frozen=True)
class Factor:
    """What some gates' weights were multiplied with, whose rows follow each other in two tensors.

    Attributes:
        weights: one entry a slot of the step, None where a gate has none.
        width: of a row.
        first: the first rows, contiguous; may be empty.
        rest: the others, contiguous.
    """

    weights: Sequence[Tensor | None]
    width: int
    first: Tensor
    rest: Tensor


class Dense:
    """The products of one kernel.

    Args:
        library: the built kernel.
        packing: of its weights.
    """

    def __init__(self, library: ctypes.CDLL, packing: Packing) -> None:
        self.library = library
        self.packing = packing
        number, address = ctypes.c_int64, ctypes.c_void_p
        library.dense.argtypes = [address, number, address, *[number] * 3, address, number, address, number, number]
        library.gradient.argtypes = [address]
        library.dense.restype = library.gradient.restype = None

    def inputs(self, buffer: int, x: Tensor, weights: Weights, bias: Tensor, out: Tensor) -> None:
        """Fill a buffer with ``x W + bias``.

        Args:
            buffer: its number.
            x: (rows, depth), contiguous.
            weights: the gates' parameters.
            bias: (columns, 1).
            out: (rows, columns), the buffer.
        """
        depth = x.shape[1]
        for zone in self.packing.layout.buffer(buffer):
            panels = self.packing.forward_panels(zone, weights, "W", depth)
            part, offset = self.packing.part(zone, out, 1), self.packing.part(zone, bias, 0)
            self._product(part, x, depth, panels, offset.data_ptr(), True)

    def sources(self, buffer: int, slope: Tensor, weights: Weights, width: int) -> Tensor:
        """The gradient of a buffer's source.

        Args:
            buffer: its number.
            slope: (rows, columns), its gradient.
            weights: the gates' parameters.
            width: of a row of the source.

        Returns:
            (rows, width).
        """
        out = take((len(slope), self.packing.padded(width)), slope.dtype)
        for number, zone in enumerate(self.packing.layout.buffer(buffer)):
            panels = self.packing.backward_panels(zone, weights, "W", width)
            self._product(out, self.packing.part(zone, slope, 1), self.packing.columns([zone]), panels, 0, number == 0)
        return out[:, :width].contiguous()

    def _product(self, C: Tensor, A: Tensor, depth: int, panels: Tensor, bias: int, fresh: bool) -> None:
        vectors = C.shape[1] // self.packing.lanes
        threads = threads_for(A.shape[0] * depth * C.shape[1])
        place = (C.data_ptr(), C.stride(0), A.data_ptr(), len(A), A.stride(0), depth)
        self.library.dense(*place, panels.data_ptr(), vectors, bias, fresh, threads)

    def weights(
        self, zone: Zone, slope: Tensor, biases: Sequence[Tensor | None], factors: Sequence[Factor]
    ) -> list[list[Tensor | None]]:
        """The gradients of a zone's parameters.

        Args:
            zone: whose.
            slope: (rows, columns of the zone).
            biases: one entry a slot of the step, None where a gate has none.
            factors: at most two, all with as many first rows.

        Returns:
            For each slot of the zone, the gradients of its bias and of each factor's weights.
        """
        new = _like if len(slope) else _zeros
        found = [
            [new(parameters[slot]) for slot in zone.slots] for parameters in (biases, *(f.weights for f in factors))
        ]
        tables = [addresses(parts) for parts in found]
        rows, cut = len(slope), len(factors[0].first) if factors else 0
        threads = threads_for(slope.numel() * (1 + sum(factor.width for factor in factors)))
        numbers = [slope.data_ptr(), slope.stride(0), rows, cut, len(zone.slots), zone.width, threads]
        numbers += [tables[0].buffer_info()[0], len(factors)]
        for factor, table in zip(factors, tables[1:], strict=True):
            numbers += [table.buffer_info()[0], factor.width, factor.first.data_ptr(), factor.rest.data_ptr()]
        numbers += [0] * (17 - len(numbers))
        arguments = array("q", numbers)
        self.library.gradient(arguments.buffer_info()[0])
        return found


def _zeros(parameter: Tensor | None) -> Tensor | None:
    return None if parameter is None else torch.zeros_like(parameter, memory_format=torch.contiguous_format)


def _like(parameter: Tensor | None) -> Tensor | None:
    return None if parameter is None else take(tuple(parameter.shape), parameter.dtype)
