"""What the compiled engine makes of a cell, as text: equations, step graph, stages, source."""

from __future__ import annotations

from collections import Counter

import torch

from gatework.cells import Cell
from gatework.engine.emit_c import emit, runtime
from gatework.engine.graph import LEAVES, Graph
from gatework.engine.trace import trace


def explain(cell: Cell, *, source: bool = False) -> str:
    """Describe the kernel of a cell, without building it.

    Args:
        cell: the recurrence.
        source: whether to end with the generated C, the runtime that all kernels share left out.

    Raises:
        UntraceableError: the cell's step cannot become a kernel; says which operation in which line.
    """
    step = trace(cell).step
    dtype = next((p.dtype for p in cell.parameters()), torch.get_default_dtype())
    kernel = emit(step, torch.finfo(dtype).bits)
    reverse = kernel.reverse
    backward = reverse.graph.reached([*reverse.slots, *reverse.states, *reverse.sequences, *reverse.parameters])
    hoisted = f"{step.sources} hoisted out of it"
    if step.sequences:
        hoisted += f", {len(step.sequences)} more expressions of the input computed by PyTorch"
    parts = [
        type(cell).equations(),
        f"Step graph\n{step}",
        f"Products: {len(kernel.layout.products)} in the loop, {hoisted}",
        f"Stages: {kernel.forward.stages} forward, {kernel.backward.stages} backward",
        f"Operations forward: {_counted(step.graph, set(range(len(step.graph.nodes))))}",
        f"Operations backward: {_counted(reverse.graph, backward)}",
    ]
    if source:
        parts.append("Generated C\n" + kernel.source.replace(runtime(), "/* runtime/*.h */"))
    return "\n\n".join(parts)


def _counted(graph: Graph, nodes: set[int]) -> str:
    counts = Counter(graph.nodes[node].op for node in nodes if graph.nodes[node].op not in LEAVES)
    return ", ".join(f"{count} {op}" for op, count in sorted(counts.items()))
