"""Which states of a step are linear in the states, and in which order they can be scanned.

A state can be scanned when its next value is ``a * state + b``, with ``a`` and ``b`` made of the input, the
parameters and of states that were scanned before it: an LSTM-like output ``o * tanh(c)`` follows its linear ``c``.
States that are linear in one another (the two halves of a complex number) are scanned together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from gatework.engine.graph import LEAVES, Graph, StepGraph
from gatework.engine.recurrence import MOST_STATES

Form = dict[int | None, int]
"""A sum: state -> the node of its coefficient; None -> the node of what is added."""


class NotLinearError(Exception):
    """A state cannot be scanned; the message names the state, the operation and its line."""


@dataclass(frozen=True)
class Group:
    """States that are scanned together, ``next = coefficients @ state + rest`` unit by unit.

    Attributes:
        states: their numbers.
        coefficients: a row of nodes for each; None where it does not depend on that state.
        rest: a node for each.
    """

    states: tuple[int, ...]
    coefficients: tuple[tuple[int | None, ...], ...]
    rest: tuple[int, ...]

    @property
    def recurs(self) -> bool:
        """Whether the states depend on themselves: others are functions of what is known, and need no scan."""
        return any(part is not None for row in self.coefficients for part in row)


@dataclass(frozen=True)
class Linear:
    """A step whose states can all be scanned.

    Attributes:
        graph: the step's nodes under their old numbers, the coefficients after them.
        groups: what to scan, in order.
    """

    graph: Graph
    groups: tuple[Group, ...]


def linear(step: StepGraph, names: Sequence[str], lines: dict[int, str]) -> Linear:
    """Find the order.

    Args:
        step: the step.
        names: of its states.
        lines: node -> where the step computes it, for messages.

    Raises:
        NotLinearError: there is none.
    """
    search = _Search(step, names, lines)
    groups: list[Group] = []
    while search.waiting:
        groups.append(search.next_group())
    return Linear(search.graph, tuple(groups))


class _Search:
    def __init__(self, step: StepGraph, names: Sequence[str], lines: dict[int, str]) -> None:
        self.step = step
        self.names = names
        self.lines = lines
        self.graph = step.graph.copy()
        self.waiting = list(range(len(names)))
        self.done: set[int] = set()  # nodes of the scanned states' next values

    def next_group(self) -> Group:
        """The smallest group that can be scanned next."""
        largest = min(len(self.waiting), MOST_STATES)
        for size in range(1, largest + 1):
            for states in combinations(self.waiting, size):
                if len({self.step.state_sizes[state] for state in states}) > 1:
                    continue
                try:
                    group = self._group(states)
                except NotLinearError as error:
                    refusal = error  # of the largest group: what stops even all of them together
                    continue
                self.waiting = [state for state in self.waiting if state not in states]
                self.done |= {self.step.following[state] for state in states}
                return group
        raise refusal

    def _group(self, states: tuple[int, ...]) -> Group:
        rows = []
        for state in states:
            try:
                rows.append(self._form(self.step.following[state], states))
            except NotLinearError as error:
                raise NotLinearError(
                    f"the next {self.names[state]} is not linear in the state, unit by unit: {error}"
                ) from None
        coefficients = tuple(tuple(row.get(state) for state in states) for row in rows)
        zero = self.graph.constant(0)
        return Group(states, coefficients, tuple(row.get(None, zero) for row in rows))

    def _form(self, root: int, states: tuple[int, ...]) -> Form:
        forms: dict[int, Form] = {}
        for index in self._needed(root):
            node = self.graph.nodes[index]
            if index in self.done:
                forms[index] = {None: index}
            elif node.op == "state" and int(node.value) in states:
                forms[index] = {int(node.value): self.graph.constant(1)}
            elif node.op == "state" and int(node.value) in self.waiting:
                raise NotLinearError(f"it depends on {self.names[int(node.value)]}")
            elif node.op == "slot":
                forms[index] = self._slot(index, forms)
            elif all(_known(forms[arg]) for arg in node.args):
                forms[index] = {None: index}
            elif node.op in _RULES:
                forms[index] = self._combined(index, [forms[arg] for arg in node.args])
            else:
                raise NotLinearError(self._named(index))
        return forms[root]

    def _needed(self, root: int) -> list[int]:
        """All nodes that the root is made of, in the order of computation, what is scanned already not taken apart."""
        found: set[int] = set()
        waiting = [root]
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                waiting += [] if index in self.done else arguments(self.step, self.graph, index)
        return sorted(found)

    def _slot(self, index: int, forms: dict[int, Form]) -> Form:
        slot = self.step.slots[int(self.graph.nodes[index].value)]
        if slot.operand is not None and not _known(forms[slot.operand]):
            raise NotLinearError(f"gate {slot.gate} multiplies a state by a matrix")
        return {None: index}

    def _combined(self, index: int, forms: list[Form]) -> Form:
        node = self.graph.nodes[index]
        result = _RULES[node.op](self.graph, node.args, forms)
        if result is None:
            raise NotLinearError(self._named(index))
        return result

    def _named(self, index: int) -> str:
        return self.graph.nodes[index].op + self.lines.get(index, "")


def arguments(step: StepGraph, graph: Graph, node: int) -> Iterable[int]:
    """The nodes that a node is computed from; a slot from the operand of its product."""
    if graph.nodes[node].op == "slot":
        operand = step.slots[int(graph.nodes[node].value)].operand
        return () if operand is None else (operand,)
    return () if graph.nodes[node].op in LEAVES else graph.nodes[node].args


def _known(form: Form) -> bool:
    return form.keys() <= {None}


def _add(graph: Graph, args: tuple[int, ...], forms: list[Form]) -> Form:
    left, right = forms
    both = {key: graph.add("add", left[key], right[key]) for key in left.keys() & right.keys()}
    return left | right | both


def _sub(graph: Graph, args: tuple[int, ...], forms: list[Form]) -> Form:
    return _add(graph, args, [forms[0], _neg(graph, args, forms[1:])])


def _neg(graph: Graph, args: tuple[int, ...], forms: list[Form]) -> Form:
    return {key: graph.add("neg", part) for key, part in forms[0].items()}


def _mul(graph: Graph, args: tuple[int, ...], forms: list[Form]) -> Form | None:
    left, right = forms
    if _known(left):
        return {key: graph.add("mul", args[0], part) for key, part in right.items()}
    if _known(right):
        return {key: graph.add("mul", part, args[1]) for key, part in left.items()}
    return None


def _div(graph: Graph, args: tuple[int, ...], forms: list[Form]) -> Form | None:
    if not _known(forms[1]):
        return None
    return {key: graph.add("div", part, args[1]) for key, part in forms[0].items()}


def _where(graph: Graph, args: tuple[int, ...], forms: list[Form]) -> Form | None:
    mask, there, elsewhere = forms
    if not _known(mask):
        return None
    zero = graph.constant(0)
    keys = there.keys() | elsewhere.keys()
    return {key: graph.add("where", args[0], there.get(key, zero), elsewhere.get(key, zero)) for key in keys}


_RULES: dict[str, Callable[[Graph, tuple[int, ...], list[Form]], Form | None]] = {
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "where": _where,
}
"""How sums pass through the operations that keep them sums; None where they do not."""
