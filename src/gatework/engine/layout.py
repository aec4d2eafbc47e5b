"""Where the slots of a step lie in memory: buffers, one an input source, made of zones, one a product.

A buffer is (time, batch, columns): all pre-activations whose ``W`` multiply the same source, so that one
matrix product over all steps fills it. Within, a zone holds the gates of equal width whose matrices multiply
the same operand, interleaved vector by vector: unit u of gate g of G stands at
``(u // lanes * G + g) * lanes + u % lanes``. A zone has G * padded columns, ``padded`` being the width rounded
up to whole vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

from gatework.engine.graph import StepGraph


@dataclass(frozen=True)
class Zone:
    """Slots side by side that one recurrent product adds to.

    Attributes:
        buffer: the buffer it is part of.
        slots: its slots, by their numbers in the step graph.
        width: the units of each.
        operand: the node its product multiplies; None where there is no product.
        depth: the width of the operand.
        heads: the number of blocks of the product's matrices.
    """

    buffer: int
    slots: tuple[int, ...]
    width: int
    operand: int | None
    depth: int
    heads: int


@dataclass(frozen=True)
class Layout:
    """All zones of a step.

    Attributes:
        sources: for each buffer its input source; None for gates without input weights.
        zones: in the order of their buffers and places.
    """

    sources: tuple[int | None, ...]
    zones: tuple[Zone, ...]

    @property
    def products(self) -> list[tuple[int, Zone]]:
        """The zones with a product, and their numbers."""
        return [(number, zone) for number, zone in enumerate(self.zones) if zone.operand is not None]

    def buffer(self, number: int) -> list[Zone]:
        """The zones of a buffer in order."""
        return [zone for zone in self.zones if zone.buffer == number]

    def before(self, zone: Zone) -> list[Zone]:
        """The zones of the same buffer that lie before one."""
        beside = self.buffer(zone.buffer)
        return beside[: beside.index(zone)]

    def place(self, slot: int) -> tuple[Zone, int]:
        """The zone of a slot and its number there."""
        zone = next(zone for zone in self.zones if slot in zone.slots)
        return zone, zone.slots.index(slot)


def layout(step: StepGraph) -> Layout:
    """Group the slots of a step."""
    sources: list[int | None] = []
    grouped: dict[tuple[int, int, int | None, int, int], list[int]] = {}
    for index, slot in enumerate(step.slots):
        if slot.source not in sources:
            sources.append(slot.source)
        alike = (sources.index(slot.source), slot.width, slot.operand, slot.depth, slot.heads)
        grouped.setdefault(alike, []).append(index)
    zones = [
        Zone(buffer, tuple(slots), width, operand, depth, heads)
        for (buffer, width, operand, depth, heads), slots in grouped.items()
    ]
    return Layout(tuple(sources), tuple(sorted(zones, key=lambda zone: zone.buffer)))
