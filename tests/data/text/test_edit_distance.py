"""Edit distances, against the definition by recursion."""

from __future__ import annotations

import functools
import random

import pytest

from gatework.data.text.edit_distance import edit_distance, errors


@functools.cache
def defined(found: tuple, right: tuple) -> int:
    if not found or not right:
        return len(found) + len(right)
    replaced = defined(found[1:], right[1:]) + (found[0] != right[0])
    return min(replaced, 1 + defined(found[1:], right), 1 + defined(found, right[1:]))


def test_against_the_definition() -> None:
    draw = random.Random(5)
    for _ in range(300):
        found, right = (tuple(draw.choices("abc", k=draw.randrange(8))) for _ in range(2))
        assert edit_distance(found, right) == defined(found, right)


@pytest.mark.parametrize(
    ("found", "right", "distance"),
    [("kitten", "sitting", 3), ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("flaw", "lawn", 2), ("same", "same", 0)],
)
def test_known_distances(found: str, right: str, distance: int) -> None:
    assert edit_distance(found, right) == distance


def test_sums_of_an_error_rate() -> None:
    assert errors([(["W", "AH"], ["W", "AH", "N"]), ([], ["T", "UW"]), (["X"], [])]) == (1 + 2 + 1, 5)
    assert errors([]) == (0, 0)
