"""How far a sequence is from the right one: the fewest symbols to replace, insert and delete (Levenshtein 1966)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np


def edit_distance(found: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Return the fewest replacements, insertions and deletions that make one sequence of the other."""
    ids: dict[Hashable, int] = {}
    numbers = np.array([ids.setdefault(symbol, len(ids)) for symbol in right], np.int64)
    columns = np.arange(len(right) + 1)
    row = columns
    for symbol in found:
        matched = row[:-1] + (numbers != ids.get(symbol, -1))
        above = np.concatenate([row[:1] + 1, np.minimum(matched, row[1:] + 1)])
        row = np.minimum.accumulate(above - columns) + columns  # a step to the right costs 1
    return int(row[-1])


def errors(pairs: Iterable[tuple[Sequence[Hashable], Sequence[Hashable]]]) -> tuple[int, int]:
    """Add up the edit distances of pairs (found, right), and the lengths of what is right."""
    wrong = length = 0
    for found, right in pairs:
        wrong += edit_distance(found, right)
        length += len(right)
    return wrong, length
