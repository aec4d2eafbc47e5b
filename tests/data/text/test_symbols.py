"""Symbols, labels and scalings: numbers and back, and nothing trusted that is read."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.scaling import Scaling
from gatework.data.text.symbols import END, START, Labels, Symbols
from gatework.errors import DamagedFileError, InputError

TEXTS = ["the cat sat", "the cat ran", "a Cat!"]


def test_symbols_are_ordered_by_count_then_alphabet() -> None:
    symbols = Symbols.build(TEXTS, "token", special=(START, END))
    assert symbols.names == ("<unknown>", START, END, "cat", "the", "Cat!", "a", "ran", "sat")
    assert Symbols.build(TEXTS, "token", lower=True).names[1:3] == ("cat", "the")
    assert Symbols.build(TEXTS, "token", min_count=2).names == ("<unknown>", "cat", "the")
    assert Symbols.build(TEXTS, "token", max_size=2).names == ("<unknown>", "cat")
    assert Symbols.build(TEXTS, "character").names[1] == "a"
    assert "!" in Symbols.build(TEXTS, "word").names
    assert symbols.id(END) == 2
    counted = Symbols.from_counts({"New York": 1, "a": 2, "b": 2}, "token", min_count=1, max_size=4)
    assert counted.names == ("<unknown>", "a", "b", "New York")


def test_encoding_and_decoding() -> None:
    symbols = Symbols.build(TEXTS, "token", special=(START, END))
    numbers = symbols.encode("the dog sat")
    assert numbers.tolist() == [4, 0, 8]
    assert symbols.decode([1, *numbers, 2]) == "the <unknown> sat"
    assert symbols.encode("").tolist() == []
    assert Symbols.build(TEXTS, "character").decode(Symbols.build(TEXTS, "character").encode("tact")) == "tact"


@given(st.lists(st.text(max_size=9)), st.sampled_from(["character", "word", "token"]), st.booleans())
def test_json_keeps_symbols(texts: list[str], splitting, lower: bool) -> None:
    symbols = Symbols.build(texts, splitting, lower=lower, special=(START,))
    assert Symbols.from_json(json.loads(json.dumps(symbols.to_json()))) == symbols


@pytest.mark.parametrize(
    "change",
    [
        {"names": ["a", "<unknown>"]},
        {"names": ["<unknown>", "a", "a"]},
        {"names": ["<unknown>", ""]},
        {"names": ["<unknown>", 7]},
        {"names": None},
        {"splitting": "syllable"},
        {"special": 0},
        {"special": 9},
        {"special": "x"},
    ],
)
def test_nonsense_is_no_symbols(change: dict) -> None:
    value = {**Symbols("word", ("<unknown>", "a", "b")).to_json(), **change}
    with pytest.raises(DamagedFileError):
        Symbols.from_json(value)


def test_labels() -> None:
    labels = Labels.build(["b", "a", "b", "c"])
    assert labels.names == ("a", "b", "c")
    assert [labels.find(name) for name in "cab"] == [2, 0, 1]
    assert labels.find("d") is None
    assert Labels.from_json(json.loads(json.dumps(labels.to_json()))) == labels
    for value in (None, [], ["a", "a"], [1], [""]):
        with pytest.raises(DamagedFileError):
            Labels.from_json(value)


def test_scaling_has_mean_0_and_deviation_1() -> None:
    generator = np.random.default_rng(3)
    sequences = [generator.normal(5, 3, (length, 2)) * [1, 10] for length in (7, 11, 2)]
    sequences = [np.concatenate([sequence, np.full((len(sequence), 1), 4.0)], axis=1) for sequence in sequences]
    scaling = Scaling.of(sequences)
    rows = np.concatenate([scaling.apply(sequence) for sequence in sequences])
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(rows.std(axis=0), [1, 1, 0], atol=1e-6)  # what never varies stays finite
    np.testing.assert_allclose(scaling.undo(scaling.apply(sequences[0])), sequences[0], rtol=1e-5)
    assert Scaling.from_json(json.loads(json.dumps(scaling.to_json()))) == scaling


def test_what_cannot_be_scaled_is_refused() -> None:
    scaling = Scaling((0.0, 0.0), (1.0, 2.0))
    with pytest.raises(InputError, match=r"row 3 has the shape \(4, 3\): it must have \(steps, 2\)"):
        scaling.apply(np.zeros((4, 3)), "row 3")
    with pytest.raises(InputError, match="no finite number at step 2"):
        scaling.apply(np.array([[0, 0], [1, 1], [np.nan, 0]]))
    for value in (None, {}, {"mean": [1], "deviation": [0]}, {"mean": [1], "deviation": [1, 1]}, {"mean": ["x"]}):
        with pytest.raises(DamagedFileError):
            Scaling.from_json(value)


def test_more_symbols_come_after_its_own() -> None:
    symbols = Symbols.build(["b a b"], "word", lower=True, special=(START, END))
    more = symbols.with_more(["a", "C", "c", "d", "c"])
    assert more.names == (*symbols.names, "c", "d")
    assert (more.special, more.lower, more.splitting) == (3, True, "word")
    assert symbols.with_more(["c", "d"], max_size=6).names == (*symbols.names, "c")
    assert Symbols.build(["b"], "word").with_more(["C"]).names[-1] == "C"
