"""From a graph to stages: passes over rows and units, between which products and row sums must finish.

An LSTM has one stage a step; a reset-before GRU two, because its candidate's product needs ``r * h`` of
all units; a layer norm adds one for each sum over a row. A stage has a pass for each width of its values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gatework.engine.graph import LEAVES, REDUCTIONS, Graph


@dataclass(frozen=True)
class Store:
    """A node whose value a pass writes.

    Attributes:
        target: what kind of array it is written to; named by ``emit_loop``.
        index: which one of its kind.
        node: the value.
        width: the units of the array.
    """

    target: str
    index: int
    node: int
    width: int


@dataclass
class Pass:
    """One pass over rows and the units of one width.

    Attributes:
        width: the number of units.
        stores: what it writes for good.
        reductions: the row sums and maxima it completes.
        spilled: what it leaves for later stages.
        restored: what earlier stages left for it.
        computed: the wide nodes it computes, in order.
        rows: the nodes with one value per row that it needs, in order.
        loaded: the leaves that it reads.
    """

    width: int
    stores: list[Store] = field(default_factory=list)
    reductions: list[int] = field(default_factory=list)
    spilled: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    loaded: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Schedule:
    """The stages of one step and when each node is known.

    Attributes:
        stages: in order, the passes of each.
        ready: node -> the first stage that can read it.
    """

    stages: tuple[tuple[Pass, ...], ...]
    ready: dict[int, int]

    @property
    def passes(self) -> list[Pass]:
        """The passes of all stages."""
        return [part for stage in self.stages for part in stage]

    @property
    def spilled(self) -> list[int]:
        """All nodes that one stage leaves for another."""
        return sorted({node for part in self.passes for node in part.spilled})

    @property
    def reductions(self) -> list[int]:
        """All row sums and maxima."""
        return sorted({node for part in self.passes for node in part.reductions})


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
    needed = sorted(graph.reached([store.node for store in stores]))
    ready: dict[int, int] = {}
    for index in needed:
        if nodes[index].op in LEAVES:
            ready[index] = leaf_ready(index, ready)
        else:
            ready[index] = max(ready[arg] for arg in nodes[index].args) + (nodes[index].op in REDUCTIONS)
    stages: list[dict[int, Pass]] = [{} for _ in range(1 + max(ready.values(), default=0))]
    for store in stores:
        stages[ready[store.node]].setdefault(store.width, Pass(store.width)).stores.append(store)
    for index in needed:
        if nodes[index].op in REDUCTIONS:
            width = nodes[nodes[index].args[0]].width
            stages[ready[index] - 1].setdefault(width, Pass(width)).reductions.append(index)
    overwritten = {overwrites(store): ready[store.node] for store in stores}
    first: dict[int, int] = {}  # wide node -> the stage that computes it
    for number, stage in enumerate(stages):
        for part in stage.values():
            _fill(graph, stages, number, part, first, overwritten)
    for stage in stages:
        for part in stage.values():
            part.spilled.sort()
    return Schedule(tuple(tuple(stage.values()) for stage in stages), ready)


def _fill(
    graph: Graph,
    stages: list[dict[int, Pass]],
    number: int,
    part: Pass,
    first: dict[int, int],
    overwritten: dict[int | None, int],
) -> None:
    """Collect what one pass computes and loads; mark what earlier stages must spill for it."""
    nodes = graph.nodes
    waiting = [store.node for store in part.stores]
    waiting += [nodes[reduction].args[0] for reduction in part.reductions]
    seen: set[int] = set()
    loaded: set[int] = set()
    restored: set[int] = set()
    while waiting:
        index = waiting.pop()
        if index in seen:
            continue
        seen.add(index)
        node = nodes[index]
        if node.op in REDUCTIONS or node.op == "constant":
            continue
        if node.op in LEAVES:
            gone = overwritten.get(index, number)
            if gone < number:
                restored.add(index)
                _spill(stages[gone][node.width], index)
            else:
                loaded.add(index)
        elif node.width and first.get(index, number) < number:
            restored.add(index)
            _spill(stages[first[index]][node.width], index)
        else:
            if node.width:
                first[index] = number
            waiting += node.args
    part.loaded, part.restored = sorted({*part.loaded, *loaded}), sorted(restored)
    part.rows = sorted(index for index in seen if not nodes[index].width and nodes[index].op != "constant")
    part.computed = sorted(index for index in seen - restored if nodes[index].width and nodes[index].op not in LEAVES)


def _spill(part: Pass, node: int) -> None:
    """Let a pass leave a node, which it computes or reads, for a later stage."""
    if node not in part.spilled:
        part.spilled.append(node)
        if node not in part.computed:
            part.loaded = sorted({*part.loaded, node})
