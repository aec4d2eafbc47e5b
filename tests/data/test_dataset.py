"""Division into parts, and the fingerprint by which a run knows its data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from gatework.data.dataset import divided, make_dataset
from gatework.data.text.symbols import Symbols
from gatework.errors import InputError
from gatework.settings import ExampleData

SYMBOLS = Symbols("token", ("<unknown>", "a", "b"))


class Pair(NamedTuple):
    steps: np.ndarray
    name: str


def test_parts_have_their_shares_and_every_example_is_in_one() -> None:
    parts = divided(list(range(1000)), ExampleData(validation=0.2, test=0.1))
    assert [len(part) for part in parts] == [700, 200, 100]
    assert sorted(parts[0] + parts[1] + parts[2]) == list(range(1000))
    assert all(part == sorted(part) for part in parts)
    assert parts[1] != list(range(700, 900))  # at random
    assert divided(list(range(1000)), ExampleData(validation=0.2, test=0.1)) == parts
    assert divided(list(range(1000)), ExampleData(validation=0.2, test=0.1, split_seed=1)) != parts


def test_groups_are_divided_by_the_same_shares() -> None:
    groups = ["rare"] * 10 + ["common"] * 990
    parts = divided(groups, ExampleData(validation=0.2, test=0.1), groups)
    assert [part.count("rare") for part in parts] == [7, 2, 1]


def test_parts_with_files_of_their_own_take_nothing() -> None:
    parts = divided(list(range(20)), ExampleData(validation=0.5, validation_data=["v.txt"], test_data=["t.txt"]))
    assert [len(part) for part in parts] == [20, 0, 0]


def test_any_change_changes_the_fingerprint() -> None:
    def mark(steps: list[int], name: str = "x", codec: Symbols = SYMBOLS, part: int = 0) -> str:
        parts: list[list[Pair]] = [[Pair(np.array([1]), "first")], [], []]
        parts[part].append(Pair(np.array(steps), name))
        return make_dataset((parts[0], parts[1], parts[2]), codec, ExampleData(), "pairs").fingerprint

    other = Symbols("token", ("<unknown>", "b", "a"))
    marks = [mark([1, 2]), mark([2, 1]), mark([1, 2], "y"), mark([1, 2], codec=other), mark([1, 2], part=1)]
    assert len(set(marks)) == len(marks)
    assert mark([1, 2]) == marks[0]


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(InputError, match="names gives no training example"):
        make_dataset(([], [], []), SYMBOLS, ExampleData(), "names")
