"""From a step graph to the step graph of its gradient: reverse accumulation over one table of derivatives.

The reverse step reads the slots as the forward step left them (pre-activations, or activations where
those are all that is needed), recomputes the rest, and gives the gradients of the slots, of the states
before the step, of sequences and of parameters. Products appear only as ``returned`` leaves: the gradient
that a group of slots sends back to the expression its recurrent weights multiply.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gatework.engine.graph import Graph, StepGraph

Derivative = Callable[[Graph, int, tuple[int, ...], int], list[int | None]]
"""(graph, node, its arguments, gradient of the node) -> gradient of each argument; None for no gradient."""


@dataclass(frozen=True)
class Reverse:
    """One step backwards.

    Attributes:
        graph: forward nodes under their old numbers, gradients after them.
        slots: the gradient of each slot.
        states: the gradient of each state before the step, without what products return to it.
        sequences: the gradient of each sequence.
        parameters: the gradient of each parameter in one row, to be summed over rows and steps.
        operands: forward operand of a product -> its number in this graph.
        kept: for each slot the node whose value the forward step leaves in its place: itself or its activation.
    """

    graph: Graph
    slots: tuple[int, ...]
    states: tuple[int, ...]
    sequences: tuple[int, ...]
    parameters: tuple[int, ...]
    operands: dict[int, int]
    kept: tuple[int, ...]


def derive(step: StepGraph) -> Reverse:
    """Differentiate one step."""
    kept, graph, renamed = _keep_activations(step)
    gradients, forward = _Gradients(graph), len(graph.nodes)
    for index, node in enumerate(step.following):
        gradients.give(renamed[node], graph.leaf("carried", index, step.state_sizes[index]))
    depths = {renamed[node]: step.depth(node) for node in step.expressions}
    for node in reversed(range(forward)):
        if node in depths:
            gradients.give(node, graph.leaf("returned", node, depths[node]))
        gradients.pass_on(node)
    return Reverse(
        graph,
        gradients.of_leaves("slot", [slot.width for slot in step.slots]),
        gradients.of_leaves("state", step.state_sizes),
        gradients.of_leaves("sequence", step.sequences),
        gradients.of_leaves("parameter", step.parameters),
        {node: renamed[node] for node in step.operands},
        kept,
    )


_FROM_RESULT = frozenset(("sigmoid", "tanh"))
"""Operations whose derivative is a function of their result: keeping it spares computing it again."""


def _keep_activations(step: StepGraph) -> tuple[tuple[int, ...], Graph, dict[int, int]]:
    """Replace each slot that only one activation reads by that activation, the slot leaf now its value.

    Returns:
        For each slot the forward node to keep, the new graph, and old node -> new node.
    """
    nodes = step.graph.nodes
    used = step.graph.reached(list(step.following) + list(step.operands))
    readers: dict[int, list[int]] = {}
    for index in sorted(used):
        for arg in nodes[index].args:
            readers.setdefault(arg, []).append(index)
    direct = set(step.following) | set(step.operands)
    kept = []
    for index in range(len(step.slots)):
        leaf = step.graph.leaf("slot", index, step.slots[index].width)
        reader = readers.get(leaf, [])
        alone = len(reader) == 1 and nodes[reader[0]].op in _FROM_RESULT and leaf not in direct
        kept.append(reader[0] if alone else leaf)
    graph = Graph()
    renamed: dict[int, int] = {}
    for index, node in enumerate(nodes):
        if index in kept and node.op in _FROM_RESULT:
            renamed[index] = graph.add("kept_" + node.op, renamed[node.args[0]])
        elif node.args:
            renamed[index] = graph.add(node.op, *(renamed[arg] for arg in node.args))
        elif node.op == "constant":
            renamed[index] = graph.constant(node.value)
        else:
            renamed[index] = graph.leaf(node.op, int(node.value), node.width)
    return tuple(kept), graph, renamed


class _Gradients:
    """The contributions to each node's gradient, passed on in reverse order of computation."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.contributions: dict[int, list[int]] = {}

    def give(self, node: int, gradient: int) -> None:
        if self.graph.number(gradient) == 0:
            return
        if not self.graph.nodes[node].width and self.graph.nodes[gradient].width:
            gradient = self.graph.add("row_sum", gradient)
        self.contributions.setdefault(node, []).append(gradient)

    def total(self, node: int) -> int | None:
        terms = self.contributions.get(node)
        if not terms:
            return None
        total = terms[0]
        for term in terms[1:]:
            total = self.graph.add("add", total, term)
        return total

    def pass_on(self, node: int) -> None:
        op, args = self.graph.nodes[node].op, self.graph.nodes[node].args
        gradient = self.total(node)
        if gradient is None or not args:
            return
        for arg, part in zip(args, DERIVATIVES[op](self.graph, node, args, gradient), strict=True):
            if part is not None and self.graph.number(arg) is None:
                self.give(arg, part)

    def of_leaves(self, op: str, widths: Sequence[int]) -> tuple[int, ...]:
        return tuple(self._of_leaf(op, index, width) for index, width in enumerate(widths))

    def _of_leaf(self, op: str, index: int, width: int) -> int:
        total = self.total(self.graph.leaf(op, index, width))
        return self.graph.constant(0) if total is None else total


def _mul(g: Graph, *factors: int) -> int:
    first, *others = factors
    for other in others:
        first = g.add("mul", first, other)
    return first


def _one_minus_square(g: Graph, y: int) -> int:
    return g.add("sub", g.constant(1), g.add("mul", y, y))


def _sigmoid_slope(g: Graph, y: int) -> int:
    return g.add("mul", y, g.add("sub", g.constant(1), y))


def _shared_maximum(g: Graph, y: int, x: int, d: int) -> int:
    """Equal maxima share the gradient evenly, as torch.amax does."""
    one = g.add("where", g.add("equal", x, y), g.constant(1), g.constant(0))
    return _mul(g, one, g.add("div", d, g.add("row_sum", one)))


def _no_gradient(g: Graph, y: int, args: tuple[int, ...], d: int) -> list[int | None]:
    return [None] * len(args)


DERIVATIVES: dict[str, Derivative] = {
    "add": lambda g, y, a, d: [d, d],
    "sub": lambda g, y, a, d: [d, g.add("neg", d)],
    "mul": lambda g, y, a, d: [g.add("mul", d, a[1]), g.add("mul", d, a[0])],
    "div": lambda g, y, a, d: [g.add("div", d, a[1]), g.add("neg", g.add("div", g.add("mul", d, y), a[1]))],
    "neg": lambda g, y, a, d: [g.add("neg", d)],
    "sigmoid": lambda g, y, a, d: [_mul(g, d, _sigmoid_slope(g, y))],
    "tanh": lambda g, y, a, d: [_mul(g, d, _one_minus_square(g, y))],
    "kept_sigmoid": lambda g, y, a, d: [_mul(g, d, _sigmoid_slope(g, y))],
    "kept_tanh": lambda g, y, a, d: [_mul(g, d, _one_minus_square(g, y))],
    "exp": lambda g, y, a, d: [g.add("mul", d, y)],
    "expm1": lambda g, y, a, d: [g.add("mul", d, g.add("add", y, g.constant(1)))],
    "log": lambda g, y, a, d: [g.add("div", d, a[0])],
    "log1p": lambda g, y, a, d: [g.add("div", d, g.add("add", a[0], g.constant(1)))],
    "sqrt": lambda g, y, a, d: [g.add("div", g.add("mul", d, g.constant(0.5)), y)],
    "sin": lambda g, y, a, d: [g.add("mul", d, g.add("cos", a[0]))],
    "cos": lambda g, y, a, d: [g.add("neg", g.add("mul", d, g.add("sin", a[0])))],
    "erf": lambda g, y, a, d: [
        _mul(g, d, g.constant(2 / math.sqrt(math.pi)), g.add("exp", g.add("neg", g.add("mul", a[0], a[0]))))
    ],
    "where": lambda g, y, a, d: [
        None,
        g.add("where", a[0], d, g.constant(0)),
        g.add("where", a[0], g.constant(0), d),
    ],
    "row_sum": lambda g, y, a, d: [d],
    "row_max": lambda g, y, a, d: [_shared_maximum(g, y, a[0], d)],
    **dict.fromkeys(("detach", "less", "less_equal", "equal", "both", "either", "opposite"), _no_gradient),
}
"""The derivative of every basic operation; see ``Derivative``."""


def operations() -> Iterator[str]:
    """The names of all basic operations."""
    return iter(DERIVATIVES)
