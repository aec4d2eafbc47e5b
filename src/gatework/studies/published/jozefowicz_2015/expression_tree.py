"""A cell as expressions: definitions one after the other, each a tree of operations, and the cell that computes them.

A tree is a name or a list ``[operation, part, ...]``, as JSON has it. Names are ``h_old`` and ``c_old``, the states
before the step, ``one``, and what was defined before. A cell has the definition ``h``, its output; one without ``c``
keeps nothing in c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from gatework.cells import Cell, CellOptions, Gate

Tree = Any
"""A name, or a list of an operation and its parts, which are trees."""

Definitions = list[tuple[str, Tree]]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "identity": lambda value: value,
    "damped": lambda value: 0.9 * value,
    "raised": lambda value: 1.1 * value,
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda one, other: one + other,
    "sub": lambda one, other: one - other,
    "mul": lambda one, other: one * other,
}
READING = "input"
"""W x + b, without parts."""
AFFINE = "affine"
"""W x + U e + b, of one part e."""
RECURRENT = "recurrent"
"""U e + b, of one part e."""
ARITY = {**dict.fromkeys(ACTIVATIONS, 1), **dict.fromkeys(OPERATORS, 2), READING: 0, AFFINE: 1, RECURRENT: 1}
OLD = ("h_old", "c_old")
ONE = "one"


def parts(tree: Tree) -> list[Tree]:
    """The parts of a tree's root; none of a name."""
    return [] if isinstance(tree, str) else list(tree[1:])


def nodes(tree: Tree, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Tree]]:
    """All nodes with their paths from the root, parents first."""
    yield path, tree
    for place, part in enumerate(parts(tree), 1):
        yield from nodes(part, (*path, place))


def replaced(tree: Tree, path: tuple[int, ...], new: Tree) -> Tree:
    """The tree with another one at a path."""
    if not path:
        return new
    first, *rest = path
    return [replaced(part, tuple(rest), new) if place == first else part for place, part in enumerate(tree)]


def text_of(tree: Tree) -> str:
    """A tree as a formula."""
    if isinstance(tree, str):
        return "1" if tree == ONE else tree
    signs = {"add": "+", "sub": "-", "mul": "*"}
    inner = [text_of(part) for part in parts(tree)]
    if tree[0] in signs:
        return f"({inner[0]} {signs[tree[0]]} {inner[1]})"
    maps = {READING: "W x + b", AFFINE: "W x + U {} + b", RECURRENT: "U {} + b"}
    if tree[0] in maps:
        return "[" + maps[tree[0]].format(*inner) + "]"
    factors = {"damped": "0.9 {}", "raised": "1.1 {}", "identity": "{}"}
    return factors[tree[0]].format(*inner) if tree[0] in factors else f"{tree[0]}({inner[0]})"


def check_definitions(definitions: Definitions) -> None:
    """See that definitions are a cell.

    Raises:
        ValueError: an operation, a name or the number of parts is wrong, or there is no ``h``.
    """
    known = {*OLD, ONE}
    for name, tree in definitions:
        for _, node in nodes(tree):
            if isinstance(node, str) and node not in known:
                raise ValueError(f"{name} uses {node!r} before it is defined")
            if not isinstance(node, str) and ARITY.get(node[0]) != len(node) - 1:
                raise ValueError(f"{name}: {node[0]!r} with {len(node) - 1} parts is no operation")
        if name in known:
            raise ValueError(f"{name!r} is defined twice")
        known.add(name)
    if "h" not in known:
        raise ValueError("the output h is not defined")


class TreeCell(Cell):
    """A cell that computes given definitions.

    Shapes:
        x (batch, input); h, c (batch, hidden).
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        definitions: see this module.
        options: those of every cell, see ``CellOptions``.

    Attributes:
        maps: its gates, in the order in which the definitions name them.

    Raises:
        ValueError: a size is not positive, or the definitions are none.
    """

    states = ("h", "c")

    def __init__(
        self, input_size: int, hidden_size: int, *, definitions: Definitions, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        check_definitions(definitions)
        self.definitions = definitions
        self.maps = nn.ModuleList(
            self._map(node[0])
            for _, tree in definitions
            for _, node in nodes(tree)
            if not isinstance(node, str) and node[0] in (READING, AFFINE, RECURRENT)
        )

    def _map(self, kind: str) -> Gate:
        if kind == READING:
            return self.gate(recurrence=None)
        return self.gate(0) if kind == RECURRENT else self.gate()

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step: all definitions in their order."""
        values: dict[str, Any] = {"h_old": h, "c_old": c, ONE: 1.0}
        gates = iter(self.maps)
        for name, tree in self.definitions:
            values[name] = self._value(tree, x, values, gates)
        return values["h"], values.get("c", c)

    def _value(self, tree: Tree, x: Tensor, values: dict[str, Any], gates: Iterator[nn.Module]) -> Any:
        """What a tree is (batch, hidden), or a number; gates are taken parents first, as they were made."""
        if isinstance(tree, str):
            return values[tree]
        own = next(gates) if tree[0] in (READING, AFFINE, RECURRENT) else None
        inner = [self._value(part, x, values, gates) for part in parts(tree)]
        if own is not None:
            return own(x) if tree[0] == READING else own(x if tree[0] == AFFINE else None, inner[0])
        if tree[0] in OPERATORS:
            return OPERATORS[tree[0]](*inner)
        if isinstance(inner[0], float):
            return float(ACTIVATIONS[tree[0]](torch.tensor(inner[0])))
        return ACTIVATIONS[tree[0]](inner[0])
