"""From a step graph and its reverse to C: one function over all steps for each direction.

The source is the runtime (``runtime/*.h``) and for each direction a structure of arguments, a function for
each pass, and the time loop. Products and packing, the same machine code for every kernel and most of what
there is to compile, are not in it but linked, see ``common``. Python passes arguments as an array of 64-bit
integers in the order of the structure's fields, see ``Entry``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gatework.engine.derive import Reverse, derive
from gatework.engine.emit_backward import Backward
from gatework.engine.emit_forward import Forward
from gatework.engine.emit_loop import Loop
from gatework.engine.graph import StepGraph
from gatework.engine.layout import Layout, layout

_RUNTIME = ("vector.h", "functions.h", "product.h", "team.h", "units.h")
_COMMON = ("vector.h", "product.h", "tiles.h", "pack.h", "dense.h")


@dataclass(frozen=True)
class Entry:
    """A function ``void name(const int64_t *)`` of a kernel.

    Attributes:
        fields: its arguments, each 64 bits: numbers and addresses.
        spilled: node -> its width, for those that need an array (batch, padded).
        sums: nodes that need an array (batch,).
        stages: in how many stages a step is computed.
    """

    fields: tuple[str, ...]
    spilled: dict[int, int]
    sums: list[int]
    stages: int


@dataclass(frozen=True)
class Kernel:
    """Generated source and how to call it.

    Attributes:
        source: the C, to be built with what is ``common``.
        step: the step graph.
        reverse: its gradient.
        layout: where its slots lie.
        forward: the loop over the steps.
        backward: the loop in reverse.
    """

    source: str
    step: StepGraph
    reverse: Reverse
    layout: Layout
    forward: Entry
    backward: Entry


def emit(step: StepGraph, bits: int) -> Kernel:
    """Write the kernel of a step.

    Args:
        step: what the cell computes.
        bits: 32 for float, 64 for double.
    """
    reverse, places = derive(step), layout(step)
    forward, backward = Forward(step, reverse, places), Backward(step, reverse, places)
    parts = [f"#define REAL_BITS {bits}", runtime(), forward.text(), _step(), backward.text()]
    return Kernel("\n".join(parts), step, reverse, places, _entry(forward), _entry(backward))


def _entry(loop: Loop) -> Entry:
    spilled = {node: loop.graph.nodes[node].width for node in loop.schedule.spilled}
    return Entry(tuple(loop.fields), spilled, loop.schedule.reductions, len(loop.schedule.stages))


@cache
def runtime() -> str:
    """The C that every kernel begins with, after the definition of REAL_BITS."""
    return "\n".join(map(runtime_file, _RUNTIME))


@cache
def common(bits: int) -> str:
    """The C that all kernels of a type are linked with: products and packing, most of the work of compiling."""
    return "\n".join([f"#define REAL_BITS {bits}", *map(runtime_file, _COMMON)])


@cache
def _step() -> str:
    """The C of single steps, which calls the forward loop."""
    return "\n".join(map(runtime_file, ("affine.h", "step.h")))


def runtime_file(name: str) -> str:
    """The text of a file of the runtime."""
    return (Path(__file__).with_name("runtime") / name).read_text(encoding="utf-8")
