"""From a cell's ``step`` to its step graph.

``torch.fx`` records the step with every ``Gate`` as a leaf. What depends on a state becomes nodes of the
graph. What does not is hoisted: it stays PyTorch, evaluated once for all steps (if it depends on the
input) or once a call (if it depends on parameters alone), where autograd sees it.
"""

from __future__ import annotations

import inspect
import linecache
import operator
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, ClassVar

import torch
from torch import Tensor, fx, nn

from gatework.cells import Cell, Drop, Gate
from gatework.engine.graph import Graph, Slot, StepGraph
from gatework.engine.vocabulary import WORDS, Operand, Vocabulary, Word

_tracing = threading.Lock()  # torch.fx patches nn.Module while it records


class UntraceableError(Exception):
    """The step cannot become a step graph; the message names the operation and its line."""


@dataclass(frozen=True)
class Projection:
    """The input part of a normalised gate, ``Gate.projected``.

    Attributes:
        gate: the gate's name in the cell.
        x: what its ``W`` multiplies.
    """

    gate: str
    x: fx.Node


@dataclass(frozen=True)
class Hoisted:
    """What is computed outside the time loop, as nodes of the recorded ``torch.fx`` graph.

    Attributes:
        sources: what the gates' input weights multiply.
        sequences: what depends on the input alone and is used elementwise.
        parameters: what depends on neither input nor state and is used elementwise; the diagonal recurrent
            weights of gates among them.
    """

    sources: tuple[fx.Node, ...]
    sequences: tuple[fx.Node | Projection, ...]
    parameters: tuple[fx.Node | str, ...]

    def values(self, cell: Cell, x: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Evaluate all.

        Args:
            cell: the traced cell.
            x: (rows, input), the rows of all steps.

        Returns:
            The sources (rows, any), the sequences (rows, hidden) and the parameters (hidden,).
        """
        known: dict[Any, Any] = {}
        size = cell.hidden_size
        sources = [_evaluated(node, cell, x, known) for node in self.sources]
        sequences = [_evaluated(node, cell, x, known).expand(len(x), size) for node in self.sequences]
        parameters = []
        for node in self.parameters:
            value = _attribute(cell, node) if isinstance(node, str) else _evaluated(node, cell, x, known)
            parameters.append(value if value.shape == (size,) else value.expand(1, size).reshape(size))
        return sources, sequences, parameters


@dataclass(frozen=True)
class Traced:
    """A step graph and what it leaves outside."""

    step: StepGraph
    hoisted: Hoisted


def trace(cell: Cell) -> Traced:
    """Record ``cell.step``.

    Raises:
        UntraceableError: the step does something that a kernel cannot; the message names it and its line.
    """
    if any(size != cell.hidden_size for size in cell.state_sizes):
        raise UntraceableError(f"its states differ in width: {cell.state_sizes}")
    recorded = record(cell)
    found = _Reader(cell, recorded).read()
    _check_hoisted(cell, found)
    return found


_VARIADIC = inspect.Parameter.VAR_POSITIONAL


def _signature(cell: Cell) -> list[inspect.Parameter]:
    return list(inspect.signature(cell.step).parameters.values())


class _Tracer(fx.Tracer):
    traced_func_name: ClassVar[str] = "step"  # type: ignore[misc]

    def __init__(self, code: CodeType, whole: bool) -> None:
        super().__init__()
        self.code = code
        self.whole = whole

    def create_node(self, *args: Any, **keywords: Any) -> fx.Node:
        """Note the line of ``step`` that made the node."""
        node = super().create_node(*args, **keywords)
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_code is not self.code:
            frame = frame.f_back
        if frame is not None:
            node.meta["line"] = (self.code.co_filename, frame.f_lineno)
        return node

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return self.whole or isinstance(m, Gate | Drop)


def record(cell: Cell, *, whole: bool = False) -> fx.Graph:
    """``cell.step`` as ``torch.fx`` records it.

    Args:
        cell: the recurrence.
        whole: whether its modules are recorded as they are called, not what they compute; gates and drops always are.

    Raises:
        UntraceableError: the step depends on values, or does what cannot be recorded.
    """
    if any(kind in (p.kind for p in _signature(cell)) for kind in (_VARIADIC, inspect.Parameter.VAR_KEYWORD)):
        raise UntraceableError("step takes its states as *state: write them as named arguments")
    before = set(cell.__dict__)
    with _tracing:
        try:
            graph = _Tracer(type(cell).step.__code__, whole).trace(cell)
        except (fx.proxy.TraceError, TypeError, RuntimeError, AttributeError, ValueError, NotImplementedError) as e:
            cause = str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__
            raise UntraceableError(f"step depends on values or does what torch.fx cannot record ({cause})") from e
        finally:
            made = set(cell.__dict__) - before
            for name in made:
                delattr(cell, name)
    if made:
        raise UntraceableError("step makes a tensor of its own: make it a parameter, a buffer or a Python number")
    return graph


class _Reader:
    """Walks the recorded graph once and builds the step graph."""

    def __init__(self, cell: Cell, recorded: fx.Graph) -> None:
        self.cell = cell
        self.recorded = recorded
        self.graph = Graph()
        self.vocabulary = Vocabulary(self.graph, cell.hidden_size)
        self.slots: list[Slot] = []
        self.sources: list[fx.Node] = []
        self.sequences: list[fx.Node | Projection] = []
        self.parameters: list[fx.Node | str] = []
        self.nodes: dict[fx.Node, int] = {}
        self.stateful: set[fx.Node] = set()
        self.sequential: set[fx.Node] = set()

    def read(self) -> Traced:
        placeholders = [node for node in self.recorded.nodes if node.op == "placeholder"]
        x, *states = placeholders
        self.sequential.add(x)
        for index, state in enumerate(states):
            self.stateful.add(state)
            self.nodes[state] = self.graph.leaf("state", index)
        for node in self.recorded.nodes:
            if node.op == "output":
                following = self._following(node)
            elif node.op != "placeholder":
                self._classify(node)
                if node in self.stateful:
                    self.nodes[node] = self._stateful(node)
        step = StepGraph(
            self.graph,
            tuple(self.slots),
            following,
            len(self.sources),
            len(self.sequences),
            len(self.parameters),
        )
        return Traced(step, Hoisted(tuple(self.sources), tuple(self.sequences), tuple(self.parameters)))

    def _classify(self, node: fx.Node) -> None:
        if any(parent in self.stateful for parent in node.all_input_nodes):
            self.stateful.add(node)
        elif any(parent in self.sequential for parent in node.all_input_nodes):
            self.sequential.add(node)

    def _following(self, output: fx.Node) -> tuple[int, ...]:
        result = output.args[0]
        parts = result if isinstance(result, tuple) else (result,)
        if len(parts) != len(self.cell.states):
            raise UntraceableError(f"step returns {len(parts)} states, the cell has {len(self.cell.states)}")
        return tuple(self._operand(part) for part in parts)

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
        if node.op == "call_module" and isinstance(_gate(self.cell, node.target), Gate):
            gate = _gate(self.cell, node.target)
            if gate.U is None and not gate.layer_norm and gate.hidden_size == self.cell.hidden_size:
                x, _ = _gate_operands(node)
                return self._slot(node, x, None)
        self._check_hoistable(node)
        if node in self.sequential:
            return self.graph.leaf("sequence", _numbered(self.sequences, node))
        return self.graph.leaf("parameter", _numbered(self.parameters, node))

    def _check_hoistable(self, node: fx.Node) -> None:
        waiting = [node]
        while waiting:
            node = waiting.pop()
            waiting += node.all_input_nodes
            if node.op in ("call_function", "call_method") and _word(node) is None and _name(node) not in _SHAPERS:
                raise UntraceableError(_unknown(node))

    def _slot(self, node: fx.Node, x: Any, operand: int | None, *, bias: bool = True) -> int:
        source = None if x is None else _numbered(self.sources, self._input(node, x))
        self.slots.append(Slot(str(node.target), source, operand, bias))
        return self.graph.leaf("slot", len(self.slots) - 1)

    def _input(self, node: fx.Node, x: Any) -> Any:
        """What a gate's input weights multiply, checked."""
        if x in self.stateful:
            raise UntraceableError(f"the gate's x depends on a state{_line(node)}: give it as e of a gate without x")
        self._check_hoistable(x)
        return x

    def _stateful(self, node: fx.Node) -> int:
        if node.op == "call_module":
            if isinstance(self.cell.get_submodule(str(node.target)), Drop):
                return self._operand(node.args[0])
            return self._gate_call(node)
        word = _word(node)
        if word is None:
            raise UntraceableError(_unknown(node))
        try:
            return self._applied(word, node)
        except (TypeError, ValueError) as error:
            raise UntraceableError(f"{_name(node)} in this form{_line(node)}: {error}") from error

    def _applied(self, word: Word, node: fx.Node) -> int:
        return word(self.vocabulary, *map(self._argument, node.args), **{
            name: self._argument(value) for name, value in node.kwargs.items()
        })  # fmt: skip

    def _argument(self, value: Any) -> Any:
        return Operand(self._operand(value)) if isinstance(value, fx.Node) else value

    def _gate_call(self, node: fx.Node) -> int:
        gate = _gate(self.cell, node.target)
        if gate.hidden_size != self.cell.hidden_size:
            raise UntraceableError(f"gate {node.target} is {gate.hidden_size} wide, the cell {self.cell.hidden_size}")
        x, e = _gate_operands(node)
        if e is not None and e not in self.stateful:
            raise UntraceableError(f"gate {node.target} multiplies what is not a state{_line(node)}")
        if gate.layer_norm:
            return self._normalised(node, gate, x, e)
        if gate.recurrence == "dense":
            return self._slot(node, x, self._operand(e))
        product = None if e is None else self._diagonal(node, e)
        if gate.W is not None:
            slot = self._slot(node, x, None)
            return slot if product is None else self.graph.add("add", slot, product)
        assert product is not None
        return product if gate.b is None else self.graph.add("add", self._parameter(node, "b"), product)

    def _normalised(self, node: fx.Node, gate: Gate, x: Any, e: Any) -> int:
        """``input_gain * norm(W x) + state_gain * norm(U e) + b``: the state's part; the input's is hoisted."""
        dense = gate.recurrence == "dense"
        product = self._slot(node, None, self._operand(e), bias=False) if dense else self._diagonal(node, e)
        gain = Operand(self._parameter(node, "state_gain"))
        normal = WORDS["layer_norm"](self.vocabulary, Operand(product), (gate.hidden_size,), gain)
        if gate.W is not None:
            projection = Projection(str(node.target), self._input(node, x))
            rest = self.graph.leaf("sequence", _numbered(self.sequences, projection))
        elif gate.b is not None:
            rest = self._parameter(node, "b")
        else:
            return normal
        return self.graph.add("add", rest, normal)

    def _diagonal(self, node: fx.Node, e: Any) -> int:
        return self.graph.add("mul", self._parameter(node, "U"), self._operand(e))

    def _parameter(self, node: fx.Node, name: str) -> int:
        """A gate's parameter that is used elementwise."""
        return self.graph.leaf("parameter", _numbered(self.parameters, f"{node.target}.{name}"))


_SHAPERS = frozenset(
    ("t", "transpose", "reshape", "view", "expand", "unsqueeze", "squeeze", "cat", "stack", "matmul", "mm",
     "linear", "getitem", "contiguous")
)  # fmt: skip
"""What hoisted expressions may use besides the vocabulary."""


def _word(node: fx.Node) -> Word | None:
    return WORDS.get(_name(node))


def _name(node: fx.Node) -> str:
    if node.op == "call_function":
        target = node.target
        return "getattr" if target is getattr else str(getattr(target, "__name__", target))
    return str(node.target)


def _unknown(node: fx.Node) -> str:
    return f"the operation {_name(node)!r} is not one that kernels know{_line(node)}"


def _line(node: fx.Node) -> str:
    """Where ``step`` did it: `` in line 12 of cells/gru.py (n = ...)``."""
    file, line = node.meta.get("line", ("", 0))
    if not line:
        return ""
    return f", line {line} of {Path(file).name}: {linecache.getline(file, line).strip()}"


def _gate(cell: Cell, name: Any) -> Any:
    return cell.get_submodule(str(name))


def _gate_operands(node: fx.Node) -> tuple[Any, Any]:
    given = dict(zip(("x", "e"), node.args, strict=False)) | node.kwargs
    return given.get("x"), given.get("e")


def _numbered(items: list[Any], item: Any) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)


def _attribute(cell: Cell, path: str) -> Any:
    return operator.attrgetter(path)(cell)


def _evaluated(node: Any, cell: Cell, x: Tensor, known: dict[Any, Any]) -> Any:
    """The value of a recorded node that depends on no state."""
    if isinstance(node, Projection):
        return _gate(cell, node.gate).projected(_evaluated(node.x, cell, x, known))
    if not isinstance(node, fx.Node):
        return type(node)(_evaluated(part, cell, x, known) for part in node) if isinstance(node, list | tuple) else node
    if node.op == "placeholder":
        return x
    if node.op == "get_attr":
        return _attribute(cell, str(node.target))
    if node not in known:
        args = [_evaluated(arg, cell, x, known) for arg in node.args]
        keywords = {name: _evaluated(value, cell, x, known) for name, value in node.kwargs.items()}
        known[node] = _function(node, cell, args)(*args, **keywords)
    return known[node]


def _function(node: fx.Node, cell: Cell, args: list[Any]) -> Callable[..., Any]:
    if node.op == "call_module":
        return cell.get_submodule(str(node.target))
    if node.op == "call_method":
        return getattr(args.pop(0), str(node.target))
    assert callable(node.target)
    return node.target


def _check_hoisted(cell: Cell, found: Traced) -> None:
    """Evaluate the hoisted part on two rows of zeros: shapes that do not fit are found now, not in the loop."""
    like = next(cell.parameters(), torch.empty(0))
    try:
        with torch.no_grad():
            sources, _, _ = found.hoisted.values(cell, like.new_zeros(2, cell.input_size))
    except (RuntimeError, TypeError, IndexError) as error:
        raise UntraceableError(f"what step computes from its input alone is not (batch, hidden): {error}") from error
    for slot in found.step.slots:
        if slot.source is not None:
            gate = cell.get_submodule(slot.gate)
            if sources[slot.source].shape != (2, gate.input_size):
                raise UntraceableError(f"gate {slot.gate} is given an input of another width than its weights'")
