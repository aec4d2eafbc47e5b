"""From a cell's ``step`` to its step graph.

What depends on a state becomes nodes of the graph. What does not is hoisted: it stays PyTorch, evaluated
once for all steps (if it depends on the input) or once a call (if it depends on parameters alone).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from torch import fx

from gatework.cells import Cell, Drop, Gate
from gatework.engine.graph import Graph, Slot, StepGraph
from gatework.engine.hoist import Attribute, Hoisted, Probe, Projection, Recorded
from gatework.engine.noise import NoiseForm
from gatework.engine.record import UntraceableError, line, operands, operation, record, unknown
from gatework.engine.vocabulary import ROW_WORDS, WORDS, Operand, Vocabulary

__all__ = ["Traced", "UntraceableError", "trace"]


@dataclass(frozen=True)
class Traced:
    """A step graph, what it leaves outside, and for each node the line of ``step`` that made it."""

    step: StepGraph
    hoisted: Hoisted
    lines: dict[int, str]


def trace(cell: Cell, noise: NoiseForm | None = None) -> Traced:
    """Read ``cell.step``.

    Args:
        cell: the recurrence.
        noise: the masks that the kernel is to multiply by.

    Raises:
        UntraceableError: the step does something that a kernel cannot; the message names it and its line.
    """
    return _Reader(cell, record(cell), noise or NoiseForm()).read()


class _Reader:
    """Walks the recorded graph once and builds the step graph."""

    def __init__(self, cell: Cell, recorded: fx.Graph, noise: NoiseForm) -> None:
        self.cell = cell
        self.recorded = recorded
        self.noise = noise
        self.probe = Probe(cell)
        self.graph = Graph()
        self.vocabulary = Vocabulary(self.graph, self._widened)
        self.slots: list[Slot] = []
        self.sources: list[Recorded] = []
        self.sequences: list[tuple[Recorded, int]] = []
        self.parameters: list[tuple[Recorded, int]] = []
        self.nodes: dict[fx.Node, int] = {}
        self.leaves: dict[int, tuple[Recorded, str]] = {}
        self.lines: dict[int, str] = {}
        self.stateful: set[fx.Node] = set()
        self.sequential: set[fx.Node] = set()

    def read(self) -> Traced:
        x, *states = [node for node in self.recorded.nodes if node.op == "placeholder"]
        self.sequential.add(x)
        for index, state in enumerate(states):
            self.stateful.add(state)
            self.nodes[state] = self.graph.leaf("state", index, self.cell.state_sizes[index])
        for node in self.recorded.nodes:
            if node.op == "output":
                following = self._following(node, [self.nodes[state] for state in states])
            elif node.op != "placeholder":
                self._classify(node)
                if node in self.stateful:
                    known = len(self.graph.nodes)
                    self.nodes[node] = self._stateful(node)
                    self.lines |= dict.fromkeys(range(known, len(self.graph.nodes)), line(node))
        step = StepGraph(
            self.graph,
            tuple(self.slots),
            following,
            self.cell.state_sizes,
            len(self.sources),
            tuple(width for _, width in self.sequences),
            tuple(width for _, width in self.parameters),
            len(self.noise.held),
            len(self.noise.drawn),
        )
        hoisted = Hoisted(tuple(self.sources), tuple(self.sequences), tuple(self.parameters))
        return Traced(step, hoisted, self.lines)

    def _classify(self, node: fx.Node) -> None:
        masked = self.noise.candidate and isinstance(self._module(node), Drop)
        if masked or any(parent in self.stateful for parent in node.all_input_nodes):
            self.stateful.add(node)
        elif any(parent in self.sequential for parent in node.all_input_nodes):
            self.sequential.add(node)

    def _following(self, output: fx.Node, states: list[int]) -> tuple[int, ...]:
        result = output.args[0]
        parts = result if isinstance(result, tuple) else (result,)
        if len(parts) != len(self.cell.states):
            raise UntraceableError(f"step returns {len(parts)} states, the cell has {len(self.cell.states)}")
        following = []
        for k, (part, size) in enumerate(zip(parts, self.cell.state_sizes, strict=True)):
            try:
                after = self.vocabulary.spread(self.vocabulary.node(Operand(self._operand(part))), size)
            except ValueError as error:
                raise UntraceableError(f"step returns state {self.cell.states[k]} with {error}") from error
            following.append(self._zoned_out(k, states[k], after))
        return tuple(following)

    def _zoned_out(self, k: int, before: int, after: int) -> int:
        """The state after the step, some units of which keep what they were."""
        kind, size = self.noise.zoneout[k] if self.noise.zoneout else None, self.cell.state_sizes[k]
        if kind == "masks":
            mask = self.graph.leaf("drawn", self.noise.drawn.index(k), size)
            return self.graph.add("where", self.graph.add("less", self.graph.constant(0), mask), before, after)
        if kind == "share":
            share = self.graph.leaf("held", self.noise.held.index(f"share {k}"), size)
            rest = self.graph.add("sub", self.graph.constant(1), share)
            return self.graph.add("add", self.graph.add("mul", share, before), self.graph.add("mul", rest, after))
        return after

    def _held(self, what: str | int, width: int, node: int) -> int:
        """A node multiplied by a mask that stays the same, if the run has it."""
        if what not in self.noise.held:
            return node
        mask = self.graph.leaf("held", self.noise.held.index(what), width)
        return self.graph.add("mul", node, mask)

    def _operand(self, part: Any) -> int:
        """The node of an argument of an operation on states."""
        if isinstance(part, bool | int | float):
            return self.graph.constant(part)
        if not isinstance(part, fx.Node):
            raise UntraceableError(f"step uses a {type(part).__name__} where a tensor or a number is expected")
        if part not in self.nodes:
            self.nodes[part] = self._hoisted(part)
        return self.nodes[part]

    def _hoisted(self, node: fx.Node) -> int:
        gate = self._module(node)
        if isinstance(gate, Gate) and gate.U is None and not gate.layer_norm:
            x, _ = operands(node)
            return self._slot(node, gate, source=self._source(node, gate, x))
        if self._fusible(node):
            with suppress(UntraceableError):  # in a form that PyTorch alone understands
                return self._stateful(node)
        self._check_hoistable(node)
        return self._leaf(node, "sequence" if node in self.sequential else "parameter")

    def _leaf(self, what: Recorded, kind: str) -> int:
        """The leaf of something hoisted, in its own width; truths as a comparison."""
        width, truths = (self.probe.sequence if kind == "sequence" else self.probe.parameter)(what)
        leaf = self._sized(what, kind, width)
        if truths:
            leaf = self.graph.add("less", self.graph.constant(0), leaf)
        self.leaves[leaf] = (what, kind)
        return leaf

    def _sized(self, what: Recorded, kind: str, width: int) -> int:
        items = self.sequences if kind == "sequence" else self.parameters
        return self.graph.leaf(kind, _numbered(items, (what, width)), width)

    def _widened(self, node: int, width: int) -> int | None:
        """Something hoisted, of one unit, as a leaf of that width."""
        if node not in self.leaves:
            return None
        leaf = self._sized(*self.leaves[node], width)
        return self.graph.add("less", self.graph.constant(0), leaf) if self.graph.nodes[node].mask else leaf

    def _fusible(self, node: fx.Node) -> bool:
        """Whether it is an elementwise function of pre-activations, which a kernel computes without storing it."""
        module = self._module(node)
        if module is not None:
            return isinstance(module, Drop) or (isinstance(module, Gate) and module.U is None and not module.layer_norm)
        return operation(node) in WORDS.keys() - ROW_WORDS and any(map(self._fusible, node.all_input_nodes))

    def _check_hoistable(self, node: fx.Node) -> None:
        waiting, seen = [node], set()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            waiting += node.all_input_nodes
            if node.op in ("call_function", "call_method") and operation(node) not in WORDS.keys() | _SHAPERS:
                raise unknown(node)
            gate = self._module(node)
            if isinstance(gate, Gate) and gate.U is not None and gate.state_size in self.noise.recurrent:
                raise UntraceableError(f"recurrent dropout on a gate that sees no state{line(node)}")

    def _stateful(self, node: fx.Node) -> int:
        try:
            module = self._module(node)
            if isinstance(module, Gate):
                return self._gate(node, module)
            if isinstance(module, Drop):
                return self._dropped(node)
            if operation(node) not in WORDS:
                raise unknown(node)
            arguments = [self._argument(value) for value in node.args]
            keywords = {name: self._argument(value) for name, value in node.kwargs.items()}
            return WORDS[operation(node)](self.vocabulary, *arguments, **keywords)
        except (TypeError, ValueError) as error:
            raise UntraceableError(f"{operation(node)} in this form{line(node)}: {error}") from error

    def _argument(self, value: Any) -> Any:
        return Operand(self._operand(value)) if isinstance(value, fx.Node) else value

    def _dropped(self, node: fx.Node) -> int:
        candidate, width = self._operand(node.args[0]), self.cell.candidate_size
        if not self.noise.candidate:
            return candidate
        return self._held("candidate", width, self.vocabulary.spread(candidate, width))

    def _gate(self, node: fx.Node, gate: Gate) -> int:
        """``W x + U e + b``, both products normalised if the gate says so; what sees the input alone is hoisted."""
        x, e = operands(node)
        if e is not None and e not in self.stateful:
            raise UntraceableError(f"gate {node.target} multiplies what is not a state{line(node)}")
        matrix = e is not None and gate.recurrence != "diagonal"
        if matrix and not gate.layer_norm and x not in self.stateful:
            return self._product(node, gate, "U", e, source=None if x is None else self._source(node, gate, x))
        parts = []
        if x is not None:
            parts.append(self._input_part(node, gate, x))
        elif gate.b is not None:
            parts.append(self._parameter(node, "b"))
        if e is not None:
            product = self._product(node, gate, "U", e, bias=False) if matrix else self._diagonal(node, gate, e)
            parts.append(self._normal(node, "state_gain", product) if gate.layer_norm else product)
        return parts[0] if len(parts) == 1 else self.graph.add("add", *parts)

    def _input_part(self, node: fx.Node, gate: Gate, x: fx.Node) -> int:
        """What the input contributes, b included; a state may stand in its place."""
        if x not in self.stateful:
            if not gate.layer_norm:
                return self._slot(node, gate, source=self._source(node, gate, x))
            self._source_width(node, gate, x)
            return self._leaf(Projection(str(node.target), x), "sequence")
        product = self._product(node, gate, "W", x, bias=not gate.layer_norm)
        if not gate.layer_norm:
            return product
        normal = self._normal(node, "input_gain", product)
        return normal if gate.b is None else self.graph.add("add", normal, self._parameter(node, "b"))

    def _product(
        self, node: fx.Node, gate: Gate, weights: str, x: fx.Node, *, source: int | None = None, bias: bool = True
    ) -> int:
        """A matrix of a gate times an expression of the state."""
        depth, operand = gate.state_size if weights == "U" else gate.input_size, self._operand(x)
        if weights == "U":
            operand = self._held(depth, depth, operand)
        found = self.graph.nodes[operand].width or 1
        if found != depth:
            raise UntraceableError(f"gate {node.target} multiplies {depth} units, not {found}{line(node)}")
        heads = gate.heads if weights == "U" else 1
        return self._slot(node, gate, source, operand, depth, weights, heads, bias)

    def _slot(self, node: fx.Node, gate: Gate, *more: Any, **named: Any) -> int:
        self.slots.append(Slot(str(node.target), gate.hidden_size, *more, **named))
        return self.graph.leaf("slot", len(self.slots) - 1, gate.hidden_size)

    def _source(self, node: fx.Node, gate: Gate, x: fx.Node) -> int:
        self._source_width(node, gate, x)
        return _numbered(self.sources, x)

    def _source_width(self, node: fx.Node, gate: Gate, x: fx.Node) -> None:
        """Check what a gate's input weights multiply."""
        self._check_hoistable(x)
        width, _ = self.probe.sequence(x)
        if width != gate.input_size:
            raise UntraceableError(f"gate {node.target} multiplies {gate.input_size} inputs, not {width}{line(node)}")

    def _normal(self, node: fx.Node, gain: str, product: int) -> int:
        width = self.graph.nodes[product].width
        return WORDS["layer_norm"](self.vocabulary, Operand(product), (width,), Operand(self._parameter(node, gain)))

    def _diagonal(self, node: fx.Node, gate: Gate, e: fx.Node) -> int:
        state = self._held(gate.state_size, gate.state_size, self._operand(e))
        return self.graph.add("mul", self._parameter(node, "U"), self.vocabulary.spread(state, gate.state_size))

    def _parameter(self, node: fx.Node, name: str) -> int:
        """A gate's parameter that is used elementwise."""
        return self._leaf(Attribute(f"{node.target}.{name}"), "parameter")

    def _module(self, node: fx.Node) -> Any:
        return self.cell.get_submodule(str(node.target)) if node.op == "call_module" else None


_SHAPERS = frozenset(
    ("t", "transpose", "reshape", "view", "expand", "unsqueeze", "squeeze", "cat", "stack", "matmul", "mm",
     "linear", "getitem", "contiguous")
)  # fmt: skip
"""What hoisted expressions may use besides the vocabulary."""


def _numbered(items: list[Any], item: Any) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
