"""N-grams, against the formula written a second time, from the sequences themselves."""

from __future__ import annotations

import math

import pytest

from gatework.data.text.ngrams import NGrams
from gatework.errors import DamagedFileError

SEQUENCES = [[0, 1, 2, 0, 1], [0, 1, 1], [2], [0, 1, 2, 3]]
SYMBOLS = 5


def witten_bell(history: list[int], symbol: int) -> float:
    """By recursion over the sequences, with what stands before them spelled out."""
    shorter = witten_bell(history[1:], symbol) if history else 1 / SYMBOLS
    after = []
    for sequence in SEQUENCES:
        filled = [-1, -1, *sequence]
        places = range(2, len(filled))
        after += [filled[place] for place in places if filled[place - len(history) : place] == history]
    if not after:
        return shorter
    return (after.count(symbol) + len(set(after)) * shorter) / (len(after) + len(set(after)))


def test_probabilities_are_those_of_the_formula() -> None:
    model = NGrams.of(SEQUENCES, SYMBOLS, order=3)
    for before in ([], [0], [0, 1], [1, 2, 0], [3, 3], [4], [0, 4], [4, 0]):
        history = [-1, -1, *before][-2:]
        shares = []
        for symbol in range(SYMBOLS):
            assert model.log_probability(tuple(before), symbol) == pytest.approx(math.log(witten_bell(history, symbol)))
            shares.append(math.exp(model.log_probability(before, symbol)))
        assert sum(shares) == pytest.approx(1)


def test_single_symbols_need_no_history() -> None:
    model = NGrams.of(SEQUENCES, SYMBOLS, order=1)
    assert model.log_probability((3, 4), 0) == model.log_probability((), 0)
    assert math.exp(model.log_probability((), 0)) == pytest.approx((4 + 4 / 5) / (13 + 4))


def test_saved_and_loaded() -> None:
    model = NGrams.of(SEQUENCES, SYMBOLS, order=3)
    again = NGrams.from_json(model.to_json())
    assert again == model
    assert again.log_probability((0, 1), 2) == model.log_probability((0, 1), 2)
    for damaged in (None, {}, {**model.to_json(), "order": 2}, {**model.to_json(), "counts": [[0, 1, 2, 0]]}):
        with pytest.raises(DamagedFileError, match="these are no n-grams"):
            NGrams.from_json(damaged)
    with pytest.raises(ValueError, match="must be positive"):
        NGrams.of([], 0, 1)
