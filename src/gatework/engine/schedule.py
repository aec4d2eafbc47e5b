"""From a graph to stages: passes over rows and units, between which products and row sums must finish.

An LSTM has one stage a step; a reset-before GRU two, because its candidate's product needs ``r * h`` of
all units; a layer norm adds one for each sum over a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gatework.engine.graph import LEAVES, REDUCTIONS, Graph


@dataclass(frozen=True)
class Store:
    """A node whose value a stage writes.

    Attributes:
        target: what kind of array it is written to; named by ``emit_c``.
        index: which one of its kind.
        node: the value.
    """

    target: str
    index: int
    node: int


@dataclass
class Stage:
    """One pass over rows and units.

    Attributes:
        stores: what it writes for good.
        reductions: the row sums and maxima it completes.
        spilled: what it leaves for later stages.
        computed: the full nodes it computes, in order.
        rows: the nodes with one value per row that it needs, in order.
        loaded: leaves, and spilled nodes of earlier stages, that it reads.
    """

    stores: list[Store] = field(default_factory=list)
    reductions: list[int] = field(default_factory=list)
    spilled: list[int] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    loaded: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Schedule:
    """The stages of one step and when each node is known.

    Attributes:
        stages: in order.
        ready: node -> the first stage that can read it.
    """

    stages: tuple[Stage, ...]
    ready: dict[int, int]

    @property
    def spilled(self) -> list[int]:
        """All nodes that one stage leaves for another."""
        return sorted({node for stage in self.stages for node in stage.spilled})

    @property
    def reductions(self) -> list[int]:
        """All row sums and maxima."""
        return sorted({node for stage in self.stages for node in stage.reductions})


def schedule(
    graph: Graph,
    stores: list[Store],
    leaf_ready: Callable[[int, dict[int, int]], int],
    overwrites: Callable[[Store], int | None] = lambda store: None,
) -> Schedule:
    """Place every needed operation in a stage.

    Args:
        graph: the nodes.
        stores: what the step writes.
        leaf_ready: (leaf, stages of earlier nodes) -> the first stage that can read the leaf.
        overwrites: the leaf whose array a store may overwrite; later readers get a spilled copy.
    """
    nodes = graph.nodes
    needed = graph.reached([store.node for store in stores])
    ready: dict[int, int] = {}
    for index in range(len(nodes)):
        node = nodes[index]
        if index not in needed:
            continue
        if node.op in LEAVES:
            ready[index] = leaf_ready(index, ready)
        else:
            ready[index] = max(ready[arg] for arg in node.args) + (node.op in REDUCTIONS)
    stages = [Stage() for _ in range(1 + max(ready.values(), default=0))]
    for store in stores:
        stages[ready[store.node]].stores.append(store)
    for index in sorted(needed):
        if nodes[index].op in REDUCTIONS:
            stages[ready[index] - 1].reductions.append(index)
    overwritten = {overwrites(store): ready[store.node] for store in stores}
    first: dict[int, int] = {}  # full node -> the stage that computes or, for overwritten leaves, last reads it
    for number, stage in enumerate(stages):
        _fill(graph, stages, number, stage, first, overwritten)
    for stage in stages:
        stage.spilled.sort()
    return Schedule(tuple(stages), ready)


def _fill(
    graph: Graph,
    stages: list[Stage],
    number: int,
    stage: Stage,
    first: dict[int, int],
    overwritten: dict[int | None, int],
) -> None:
    """Collect what one stage computes and loads; mark what earlier stages must spill for it."""
    nodes = graph.nodes
    roots = [store.node for store in stage.stores]
    roots += [nodes[reduction].args[0] for reduction in stage.reductions]
    seen: set[int] = set()
    waiting = list(roots)
    loaded: set[int] = set()
    while waiting:
        index = waiting.pop()
        if index in seen:
            continue
        seen.add(index)
        node = nodes[index]
        if node.row and node.op in REDUCTIONS:
            continue
        if node.op in LEAVES:
            if node.op != "constant":
                loaded.add(index)
                gone = overwritten.get(index)
                if gone is not None and gone < number:
                    _spill(stages[gone], index)
                    stages[gone].loaded = sorted({*stages[gone].loaded, index})
        elif not node.row and first.get(index, number) < number:
            loaded.add(index)
            _spill(stages[first[index]], index)
        else:
            if not node.row:
                first[index] = number
            waiting += node.args
    stage.loaded = sorted(loaded)
    stage.rows = sorted(index for index in seen if nodes[index].row and nodes[index].op != "constant")
    stage.computed = sorted(index for index in seen - loaded if not nodes[index].row and nodes[index].op not in LEAVES)


def _spill(stage: Stage, node: int) -> None:
    if node not in stage.spilled:
        stage.spilled.append(node)
