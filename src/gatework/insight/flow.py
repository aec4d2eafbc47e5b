"""What flows where in one step of a cell: the parts of its drawing, read from the recorded ``step``.

    state       a state before the step
    gate        a gate with the activation function that its result goes through; what is added to its
                pre-activation before that enters the same part
    operation   an elementwise operation of arithmetic
    function    any other function
    module      a part of the cell that is no gate, under its name

Wires lead from part to part. What is no flow of the step (the input, a parameter) is a leaf, written beside the part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from torch import fx

from gatework.cells import Cell, Drop, Gate
from gatework.engine.record import record

Kind = Literal["state", "gate", "operation", "function", "module"]
LONGEST_LEAF = 14


@dataclass(frozen=True)
class Wire:
    """From an earlier part into a part.

    Attributes:
        source: the number of the earlier part.
        mark: what is done to it on entering, where that is not said by the part: ``"+"`` and ``"-"`` (added to or
            taken from a pre-activation, or taken away by a sum), ``"/"``, ``"W"`` (multiplied by input weights),
            ``"*"`` (a diagonal recurrence: multiplied elementwise).
    """

    source: int
    mark: str = ""


@dataclass(frozen=True)
class Part:
    """One thing that is drawn.

    Attributes:
        kind: what it is, see above.
        label: the name of a state or gate; the sign of an operation; the name of a function or module.
        function: of a gate, the name of its activation function; empty if its result is used as it is.
        wires: what enters.
        leaves: the input and the parameters that enter.
    """

    kind: Kind
    label: str
    function: str = ""
    wires: tuple[Wire, ...] = ()
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """The parts of a step in the order of computation, and for each state the part of its value after the step."""

    states: tuple[str, ...]
    parts: tuple[Part, ...]
    following: tuple[int, ...]


def read_flow(cell: Cell) -> Flow:
    """Read the flow of a cell's ``step``.

    Raises:
        UntraceableError: the step depends on values, or does what cannot be recorded.
    """
    return _needed(_Reader(cell).read())


@dataclass(frozen=True)
class _Leaf:
    """The value of a node that is no flow: the input, or an expression of parameters."""

    text: str


_SIGNS = {"add": "+", "iadd": "+", "sub": "-", "subtract": "-", "isub": "-", "mul": "×", "multiply": "×", "imul": "×",
          "truediv": "/", "div": "/", "divide": "/"}  # fmt: skip
ACTIVATION_SIGNS = {
    "sigmoid": "σ", "tanh": "tanh", "relu": "relu", "leaky_relu": "leaky relu", "elu": "elu", "softplus": "softplus",
    "silu": "silu", "gelu": "gelu", "hardsigmoid": "hard σ", "hardtanh": "hard tanh", "sin": "sin", "cos": "cos",
    "exp": "exp", "logsigmoid": "log σ", "clamp": "clamp", "erf": "erf", "square": "square", "abs": "abs",
}  # fmt: skip
"""Functions that may end a gate, and how they are written."""
_NEUTRAL = {"+": 0.0, "-": 0.0, "×": 1.0, "/": 1.0}
_PASSED = frozenset(("clone", "contiguous", "detach", "identity"))
_NORMS = frozenset(("layer_norm", "rms_norm", "batch_norm", "group_norm"))


class _Reader:
    """Walks the recorded step once; the value of a node is the number of its part, a leaf or a number."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.graph = record(cell, whole=True)
        self.values: dict[fx.Node, Any] = {}
        self.parts: list[Part] = []
        self.fused: dict[fx.Node, _Fused] = {}
        gates = [node for node in self.graph.nodes if isinstance(self._module(node), Gate)]
        for node in sorted(gates, key=lambda node: self._module(node).W is None):  # of a sum, the one that sees x
            self._fuse(node)

    def read(self) -> Flow:
        following: tuple[int, ...] = ()
        x, *states = [node for node in self.graph.nodes if node.op == "placeholder"]
        self.values[x] = _Leaf("x")
        for node, name in zip(states, self.cell.states, strict=True):
            self.values[node] = self._part("state", name)
        for node in self.graph.nodes:
            if node.op == "output":
                result = node.args[0] if isinstance(node.args[0], tuple) else (node.args[0],)
                following = tuple(self._as_part(self._value(part)) for part in result)
            elif node.op != "placeholder":
                self.values[node] = self._read(node)
        return Flow(self.cell.states, tuple(self.parts), following)

    def _fuse(self, gate: fx.Node) -> None:
        """Find what belongs to a gate: sums and norms after it, if an activation function ends them, and that."""
        chain, norm = [gate], ""
        while len(chain[-1].users) == 1:
            (user,) = chain[-1].users
            chain.append(user)
            if user in self.fused or user.op == "output":
                break
            if _name(user) in ACTIVATION_SIGNS and user.op != "call_module":
                fused = _Fused(gate, user, tuple(node for node in chain if _sign(node)), norm + _name(user))
                self.fused |= dict.fromkeys(chain, fused)
                return
            if self._is_norm(user):
                norm = "norm "
            elif _sign(user) != "+" and not (_sign(user) == "-" and user.args[0] is chain[-2]):
                break
        self.fused[gate] = _Fused(gate, gate, (), "")

    def _read(self, node: fx.Node) -> Any:
        if node in self.fused:
            return self._gate(node)
        if node.op == "get_attr":
            return _Leaf(str(node.target).replace(".", ""))
        module, name = self._module(node), _name(node)
        if isinstance(module, Drop) or (module is None and name in _PASSED):
            return self._value(node.args[0])
        given = [self._value(arg) for arg in _flat([*node.args, *node.kwargs.values()])]
        flowing = [value for value in given if isinstance(value, int) and not isinstance(value, bool)]
        leaves = [value.text for value in given if isinstance(value, _Leaf)]
        if module is not None:
            return self._part("module", name, flowing, leaves)
        if not flowing and "x" not in leaves:
            return _Leaf(self._text(node))
        sign = _sign(node)
        if sign and len(given) == 2:
            return self._operation(sign, given)
        if name == "pow" and isinstance(given[1], _Number):
            return self._part("function", f"^{given[1]}", flowing, leaves)
        if name == "getitem":  # one of several results has its number, a slice of a state does not
            if isinstance(given[1], _Number):
                return self._part("operation", f"{given[1] + 1:g}", flowing, leaves)
            return self._part("function", "slice", flowing, leaves)
        return self._part("function", name, flowing, [] if self._is_norm(node) else leaves)

    def _is_norm(self, node: fx.Node) -> bool:
        module = self._module(node)
        return _name(node) in _NORMS if module is None else "Norm" in type(module).__name__ and len(node.args) == 1

    def _operation(self, sign: str, given: list[Any]) -> Any:
        number = next((value for value in given if isinstance(value, _Number)), None)
        first, second = given
        if number is not None:
            other = second if number is first else first
            comes_first = number is first and sign in "-/"
            if float(number) == _NEUTRAL[sign] and not comes_first:
                return other
            return self._part("operation", f"{number}{sign}" if comes_first else f"{sign}{number}", *_sorted([other]))
        wires, leaves = [], []
        for value in (first, second):
            mark = sign if sign in "-/" and value is second else ""
            if isinstance(value, _Leaf):
                leaves.append({"": "", "-": "−", "/": "÷"}[mark] + value.text)
            else:
                wires.append(Wire(value, mark))
        return self._added(Part("operation", {"-": "+", "/": "×"}.get(sign, sign), "", tuple(wires), tuple(leaves)))

    def _gate(self, node: fx.Node) -> Any:
        """The part of a gate, made when the last of what belongs to it is reached."""
        fused = self.fused[node]
        if node is not fused.last:
            return None
        gate = self._module(fused.gate)
        named = dict(zip(("x", "e"), fused.gate.args, strict=False)) | fused.gate.kwargs
        wires: list[Wire] = []
        leaves: list[str] = []
        entering = [(named.get("e"), "*" if gate.recurrence == "diagonal" else ""), (named.get("x"), "W")]
        for total in fused.sums:
            entering += [
                (arg, _sign(total) or "")
                for arg in total.args
                if not (isinstance(arg, fx.Node) and arg in self.fused and self.fused[arg] is fused)
            ]
        for arg, mark in entering:
            value = self._value(arg)
            if isinstance(value, int):
                wires.append(Wire(value, mark))
            elif isinstance(value, _Leaf):
                leaves.append({"+": "+", "-": "−"}.get(mark, "") + value.text)
            elif isinstance(value, _Number) and value:
                leaves.append(f"{mark}{value}")
        return self._added(Part("gate", str(fused.gate.target), fused.function, tuple(wires), tuple(leaves)))

    def _value(self, arg: Any) -> Any:
        if isinstance(arg, fx.Node):
            return self.values[arg]
        return _Number(arg) if isinstance(arg, int | float) and not isinstance(arg, bool) else None

    def _as_part(self, value: Any) -> int:
        return (
            value if isinstance(value, int) else self._part("function", "=", [], [str(getattr(value, "text", value))])
        )

    def _part(self, kind: Kind, label: str, sources: list[int] | None = None, leaves: list[str] | None = None) -> int:
        return self._added(Part(kind, label, "", tuple(Wire(source) for source in sources or []), tuple(leaves or [])))

    def _added(self, part: Part) -> int:
        self.parts.append(part)
        return len(self.parts) - 1

    def _module(self, node: fx.Node) -> Any:
        return self.cell.get_submodule(str(node.target)) if node.op == "call_module" else None

    def _text(self, node: fx.Node) -> str:
        """An expression of parameters in a few letters."""
        inner = [self._value(arg) for arg in _flat(node.args)]
        words = [value.text if isinstance(value, _Leaf) else str(value) for value in inner if value is not None]
        sign = _sign(node)
        name = _name(node)
        if sign and len(words) == 2:
            text = sign.join(words)
        else:
            text = f"-{words[0]}" if name == "neg" else f"{ACTIVATION_SIGNS.get(name, name)}({', '.join(words)})"
        if len(text) <= LONGEST_LEAF:
            return text
        names = dict.fromkeys(name for word in words for name in re.findall(r"[A-Za-z_]\w*(?![\w(])", word))
        return f"f({', '.join(names)})" if sum(map(len, names)) <= LONGEST_LEAF else "constant"


@dataclass(frozen=True)
class _Fused:
    """A gate, the last node that belongs to it, the sums between them, and the function that ends them."""

    gate: fx.Node
    last: fx.Node
    sums: tuple[fx.Node, ...]
    function: str


class _Number(float):
    """A number of the step, told from the number of a part."""

    def __str__(self) -> str:
        return f"{float(self):g}"


def _flat(args: Iterable[Any]) -> Iterator[Any]:
    """Arguments, those in lists too."""
    for arg in args:
        if isinstance(arg, list | tuple):
            yield from _flat(arg)
        else:
            yield arg


def _sorted(values: list[Any]) -> tuple[list[int], list[str]]:
    """Flows and leaves apart."""
    return [v for v in values if isinstance(v, int)], [v.text for v in values if isinstance(v, _Leaf)]


def _sign(node: fx.Node) -> str | None:
    return _SIGNS.get(_name(node)) if node.op in ("call_function", "call_method") and not node.kwargs else None


def _name(node: fx.Node) -> str:
    name = str(getattr(node.target, "__name__", node.target)) if node.op == "call_function" else str(node.target)
    return name.strip("_")


def _needed(flow: Flow) -> Flow:
    """The flow without the parts that lead nowhere; states stay."""
    kept = {index for index, part in enumerate(flow.parts) if part.kind == "state"}
    waiting = list(flow.following)
    while waiting:
        index = waiting.pop()
        if index not in kept or flow.parts[index].kind == "state":
            kept.add(index)
            waiting += [wire.source for wire in flow.parts[index].wires]
    number = {index: place for place, index in enumerate(sorted(kept))}
    parts = [
        Part(p.kind, p.label, p.function, tuple(Wire(number[w.source], w.mark) for w in p.wires), p.leaves)
        for p in (flow.parts[index] for index in sorted(kept))
    ]
    return Flow(flow.states, tuple(parts), tuple(number[index] for index in flow.following))
