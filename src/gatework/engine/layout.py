"""Where the slots of a step lie in memory: buffers, one an input source, made of zones, one a product.

A buffer is (time, batch, slots * padded): all pre-activations whose ``W`` multiply the same source, so
that one matrix product over all steps fills it. Within, a zone holds the gates whose ``U`` multiply the
same operand, interleaved vector by vector: unit u of gate g of G stands at
``(u // lanes * G + g) * lanes + u % lanes``. ``padded`` is the hidden size rounded up to whole vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

from gatework.engine.graph import StepGraph


@dataclass(frozen=True)
class Zone:
    """Slots side by side that one recurrent product adds to.

    Attributes:
        buffer: the buffer it is part of.
        offset: how many slots of the buffer lie before it.
        slots: its slots, by their numbers in the step graph.
        operand: the node its product multiplies; None where there is no product.
    """

    buffer: int
    offset: int
    slots: tuple[int, ...]
    operand: int | None


@dataclass(frozen=True)
class Layout:
    """All zones of a step.

    Attributes:
        sources: for each buffer its input source; None for gates without input weights.
        zones: in the order of their buffers and offsets.
    """

    sources: tuple[int | None, ...]
    zones: tuple[Zone, ...]

    def slots(self, buffer: int) -> list[int]:
        """The slots of a buffer in order."""
        return [slot for zone in self.zones if zone.buffer == buffer for slot in zone.slots]

    def place(self, slot: int) -> tuple[Zone, int]:
        """The zone of a slot and its number there."""
        zone = next(zone for zone in self.zones if slot in zone.slots)
        return zone, zone.slots.index(slot)


def layout(step: StepGraph) -> Layout:
    """Group the slots of a step."""
    sources: list[int | None] = []
    grouped: dict[tuple[int, int | None], list[int]] = {}
    for index, slot in enumerate(step.slots):
        if slot.source not in sources:
            sources.append(slot.source)
        grouped.setdefault((sources.index(slot.source), slot.operand), []).append(index)
    zones: list[Zone] = []
    for buffer in range(len(sources)):
        offset = 0
        for (where, operand), slots in grouped.items():
            if where == buffer:
                zones.append(Zone(buffer, offset, tuple(slots), operand))
                offset += len(slots)
    return Layout(tuple(sources), tuple(zones))


def panel_width(slots: int) -> int:
    """How many vectors a panel of the packed weights of so many interleaved gates is wide.

    It divides four times the number of gates, so that threads can share units four vectors at a time.
    """
    if slots <= 4:
        return slots * (4 // slots)
    return next((width for width in (4, 3, 5, 7) if slots % width == 0), 4)
