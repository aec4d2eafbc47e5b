"""Mutations of cells that are expressions, each keeping a cell a cell.

Source: Jozefowicz, Zaremba and Sutskever 2015 (proceedings.mlr.press/v37/jozefowicz15), section 3.3: replace an
activation, swap an operator, insert or remove a node, put another node of the same cell in a node's place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from gatework.studies.published.jozefowicz_2015.expression_tree import (
    ACTIVATIONS,
    AFFINE,
    OLD,
    ONE,
    OPERATORS,
    RECURRENT,
    Definitions,
    Tree,
    nodes,
    parts,
    replaced,
)

LARGEST = 40
"""Nodes of a cell, at most."""


def replace_activation(tree: Tree, names: list[str], random: np.random.Generator) -> Tree | None:
    """Another activation function."""
    return [_other(ACTIVATIONS, tree[0], random), *parts(tree)] if _root(tree) in ACTIVATIONS else None


def swap_operator(tree: Tree, names: list[str], random: np.random.Generator) -> Tree | None:
    """Another of sum, difference and product."""
    return [_other(OPERATORS, tree[0], random), *parts(tree)] if _root(tree) in OPERATORS else None


def insert_activation(tree: Tree, names: list[str], random: np.random.Generator) -> Tree | None:
    """An activation function between a node and what uses it."""
    return [_other(ACTIVATIONS, "identity", random), tree]


def insert_operator(tree: Tree, names: list[str], random: np.random.Generator) -> Tree | None:
    """A sum, difference or product of a node and something that is known there."""
    return [str(random.choice(list(OPERATORS))), tree, str(random.choice(names))]


def insert_map(tree: Tree, names: list[str], random: np.random.Generator) -> Tree | None:
    """A matrix, with or without the input, between a node and what uses it."""
    return [str(random.choice([AFFINE, RECURRENT])), tree]


def remove_node(tree: Tree, names: list[str], random: np.random.Generator) -> Tree | None:
    """One of a node's parts in its place."""
    return parts(tree)[random.integers(len(parts(tree)))] if parts(tree) else None


def replace_by_descendant(tree: Tree, names: list[str], random: np.random.Generator) -> Tree | None:
    """Any node below in its place."""
    below = [node for _, node in nodes(tree)][1:]
    return below[random.integers(len(below))] if below else None


def replace_by_known(tree: Tree, names: list[str], random: np.random.Generator) -> Tree | None:
    """An old state, or what was defined before, in a name's place."""
    others = [name for name in names if name != tree]
    return str(random.choice(others)) if isinstance(tree, str) else None


Mutation = Callable[[Tree, list[str], np.random.Generator], Tree | None]
MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        *(replace_activation, swap_operator, insert_activation, insert_operator, insert_map),
        *(remove_node, replace_by_descendant, replace_by_known),
    )
}


def mutate(definitions: Definitions, random: np.random.Generator) -> Definitions:
    """The cell with one node changed; it differs, is not too large and still has a state that it uses."""
    old = [state for state in OLD if state.removesuffix("_old") in dict(definitions)]  # one never written stays zero
    while True:
        place = int(random.integers(len(definitions)))
        name, tree = definitions[place]
        places = list(nodes(tree))
        path, node = places[random.integers(len(places))]
        mutation = MUTATIONS[str(random.choice(list(MUTATIONS)))]
        names = [*old, ONE, *(earlier for earlier, _ in definitions[:place])]
        new = mutation(node, names, random)
        if new is None or new == node:
            continue
        changed = [*definitions[:place], (name, replaced(tree, path, new)), *definitions[place + 1 :]]
        if size_of(changed) <= LARGEST and remembers(changed):
            return pruned(changed)


def size_of(definitions: Definitions) -> int:
    """The number of nodes."""
    return sum(1 for _, tree in definitions for _ in nodes(tree))


def pruned(definitions: Definitions) -> Definitions:
    """Without what neither h nor c uses."""
    used, kept = {"h", "c"}, []
    for name, tree in reversed(definitions):
        if name in used:
            used |= {node for _, node in nodes(tree) if isinstance(node, str)}
            kept.append((name, tree))
    return kept[::-1]


def remembers(definitions: Definitions) -> bool:
    """Whether the output depends on the input and on an old state."""
    roots: dict[str, set[str]] = {}
    for name, tree in definitions:
        found: set[str] = set()
        for _, node in nodes(tree):
            found |= roots.get(node, {node}) if isinstance(node, str) else {str(node[0])}
        roots[name] = found
    seen = roots["h"] | (roots.get("c", set()) if "c_old" in roots["h"] else set())
    return bool(seen & set(OLD)) and bool(seen & {"input", AFFINE})


def _root(tree: Tree) -> str:
    return "" if isinstance(tree, str) else str(tree[0])


def _other(names: Iterable[str], present: str, random: np.random.Generator) -> str:
    return str(random.choice([name for name in names if name != present]))
