"""The step graph: what a cell computes in one time step, as a list of nodes in the order of computation.

A node is a leaf or one operation on earlier nodes. Leaves are what a kernel reads:

    state k         (batch, width)  the k-th state before the step
    slot k          (batch, width)  the k-th gate's pre-activation, products included
    sequence k      (batch, width)  something that depends on the input alone, known for all steps
    parameter k     (width,)        something that depends on neither input nor state
    held k          (batch, width)  noise that stays the same over all steps
    drawn k         (batch, width)  noise drawn anew for every step
    constant        a number
    carried k       (batch, width)  backward only: the gradient of the k-th state after the step
    returned k      (batch, width)  backward only: the gradient that products send back to node k

A node has a width, or one value a row: sums and maxima over the units, and numbers. Comparisons give masks,
which only ``where`` reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

LEAVES = frozenset(("state", "slot", "sequence", "parameter", "held", "drawn", "constant", "carried", "returned"))
COMPARISONS = frozenset(("less", "less_equal", "equal"))
LOGIC = frozenset(("both", "either", "opposite"))
REDUCTIONS = frozenset(("row_sum", "row_max"))

_FOLDED: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
}


@dataclass(frozen=True)
class Node:
    """One leaf or operation.

    Attributes:
        op: the kind of leaf, or the operation.
        args: the nodes it reads, each an index smaller than its own.
        value: a leaf's index among its kind, or the number of a constant.
        width: the number of units; 0 where there is one value a row, the same for all units.
    """

    op: str
    args: tuple[int, ...] = ()
    value: float = 0
    width: int = 0

    @property
    def mask(self) -> bool:
        """Whether the values are truths."""
        return self.op in COMPARISONS or self.op in LOGIC


@dataclass
class Graph:
    """Nodes in the order of computation; equal nodes are one node."""

    nodes: list[Node] = field(default_factory=list)
    _known: dict[Node, int] = field(default_factory=dict)

    def leaf(self, op: str, index: int, width: int) -> int:
        """The leaf with that index among its kind."""
        return self._node(Node(op, (), index, width))

    def constant(self, number: float) -> int:
        """A number, the same for every row and unit."""
        return self._node(Node("constant", (), float(number)))

    def number(self, node: int) -> float | None:
        """The number of a constant node; None for others."""
        return self.nodes[node].value if self.nodes[node].op == "constant" else None

    def add(self, op: str, *args: int) -> int:
        """The node that applies an operation, simplified where numbers allow it without changing a result."""
        numbers = [self.number(arg) for arg in args]
        if op in _FOLDED and all(number is not None for number in numbers):
            try:
                return self.constant(_FOLDED[op](*numbers))
            except (ValueError, ArithmeticError):
                pass  # the square root of -1 and its like: left to the kernel, which yields a NaN
        simple = self._simplified(op, args, numbers)
        if simple is not None:
            return simple
        width = 0 if op in REDUCTIONS else max(self.nodes[arg].width for arg in args)
        return self._node(Node(op, tuple(args), 0, width))

    def _simplified(self, op: str, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
        if op == "mul" and 1.0 in numbers:
            return args[1 - numbers.index(1.0)]
        if op == "mul" and -1.0 in numbers:
            return self.add("neg", args[1 - numbers.index(-1.0)])
        if op == "add" and 0.0 in numbers:
            return args[1 - numbers.index(0.0)]
        if op in ("sub", "div") and numbers[1] == (0.0 if op == "sub" else 1.0):
            return args[0]
        if op == "neg" and self.nodes[args[0]].op == "neg":
            return self.nodes[args[0]].args[0]
        if op == "add" and self.nodes[args[1]].op == "neg":
            return self.add("sub", args[0], self.nodes[args[1]].args[0])
        if op == "where" and args[1] == args[2]:
            return args[1]
        return None

    def _node(self, node: Node) -> int:
        if node not in self._known:
            self._known[node] = len(self.nodes)
            self.nodes.append(node)
        return self._known[node]

    def reached(self, roots: list[int]) -> set[int]:
        """All nodes that the roots are computed from, themselves included."""
        found: set[int] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += self.nodes[node].args
        return found

    def copy(self) -> Graph:
        """A graph with the same nodes under the same numbers, to which others can be added."""
        return Graph(list(self.nodes), dict(self._known))


@dataclass(frozen=True)
class Slot:
    """One product of a state in a gate, or a gate without: a pre-activation.

    Attributes:
        gate: the gate's name in the cell.
        width: its units.
        source: what its ``W`` multiplies, an index into ``StepGraph.sources``; None where no input is multiplied.
        operand: the node that a matrix of the gate multiplies in every step; None where there is no product.
        depth: the width of the operand; 0 without.
        weights: which matrix: ``"U"``, or ``"W"`` where a state stands in the input's place.
        heads: the number of blocks that the matrix consists of.
        bias: whether the gate's ``b`` belongs to it.
    """

    gate: str
    width: int
    source: int | None = None
    operand: int | None = None
    depth: int = 0
    weights: str = "U"
    heads: int = 1
    bias: bool = True


@dataclass(frozen=True)
class StepGraph:
    """One step of a cell.

    Attributes:
        graph: the nodes.
        slots: the gates' pre-activations, numbered as the ``slot`` leaves.
        following: for each state, the node of its value after the step.
        state_sizes: the width of each state.
        sources: how many different things the gates' input weights multiply.
        sequences: the width of each ``sequence`` leaf.
        parameters: the width of each ``parameter`` leaf.
        held: the number of ``held`` leaves.
        drawn: the number of ``drawn`` leaves.
    """

    graph: Graph
    slots: tuple[Slot, ...]
    following: tuple[int, ...]
    state_sizes: tuple[int, ...]
    sources: int
    sequences: tuple[int, ...]
    parameters: tuple[int, ...]
    held: int = 0
    drawn: int = 0

    @cached_property
    def tables(self) -> dict[str, int]:
        """How many leaves there are of each kind that a run is given."""
        counts = {"sequence": len(self.sequences), "parameter": len(self.parameters)}
        return counts | {"held": self.held, "drawn": self.drawn}

    @cached_property
    def operands(self) -> tuple[int, ...]:
        """The distinct nodes that products multiply, in order of computation."""
        return tuple(sorted({slot.operand for slot in self.slots if slot.operand is not None}))

    @cached_property
    def expressions(self) -> tuple[int, ...]:
        """The operands that are no bare states."""
        return tuple(node for node in self.operands if self.graph.nodes[node].op != "state")

    def depth(self, operand: int) -> int:
        """The width of an operand."""
        return next(slot.depth for slot in self.slots if slot.operand == operand)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """All different widths, those of the states first."""
        found = [*self.state_sizes, *(size for slot in self.slots for size in (slot.width, slot.depth))]
        found += [node.width for node in self.graph.nodes]
        return tuple(dict.fromkeys(width for width in found if width))

    def __str__(self) -> str:
        lines = [f"n{index} = {_shown(node)}" for index, node in enumerate(self.graph.nodes)]
        for index, slot in enumerate(self.slots):
            terms = [] if slot.source is None else [f"W input{slot.source}"]
            if slot.operand is not None:
                heads = "" if slot.heads == 1 else f" in {slot.heads} heads"
                terms.append(f"{slot.weights} n{slot.operand}{heads}")
            bias = "" if slot.bias else ", without b"
            lines.append(f"slot {index} is gate {slot.gate}: {' + '.join(terms)}{bias}")
        lines.append("states after the step: " + ", ".join(f"n{node}" for node in self.following))
        return "\n".join(lines)


def _shown(node: Node) -> str:
    if node.op == "constant":
        return f"{node.value:g}"
    if node.op in LEAVES:
        return f"{node.op} {int(node.value)}" + (f" ({node.width} units)" if node.width else "")
    return f"{node.op}({', '.join(f'n{arg}' for arg in node.args)})"
