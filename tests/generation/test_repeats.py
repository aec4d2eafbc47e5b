"""n-grams that may not come again, against a search through lists; texts that loop and texts that do not."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from gatework.generation import loops
from gatework.generation.repeats import without_repeats


@given(n=some.integers(1, 4), length=some.integers(0, 13), seed=some.integers(0, 99))
def test_what_would_repeat_an_n_gram_is_impossible(n, length, seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(3, (5, length), generator=generator)
    given = torch.randn(5, 3, generator=generator)
    found = without_repeats(given, tokens, n)
    for row, text in enumerate(tokens.tolist()):
        for symbol in range(3):
            longer = [*text, symbol]
            grams = [longer[place : place + n] for place in range(len(longer) - n + 1)]
            repeats = bool(grams) and grams[-1] in grams[:-1]
            assert found[row, symbol] == (-torch.inf if repeats else given[row, symbol])


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("and the sea and the sea and the sea", 0),  # the third has no blank before it
        (", and the sea and the sea and the sea", 12),
        ("no " * 4, 3),
        ("no " * 4 + "more", 0),
        ("so it goes ...", 0),
        ("." * 12, 1),
        ("." * 11, 0),
        ("the last part is all that loops: abcab" + "cab" * 3, 3),
        ("abcdefghijkl" * 2, 0),
        ("", 0),
    ],
)
def test_loops(text, period):
    assert loops(text.encode()) == period


def test_how_often_and_how_long_a_loop_is_can_be_chosen():
    assert loops([4, 7, 4, 7], times=2, span=4) == 2
    assert loops([4, 7, 4, 7], times=3, span=4) == 0
    assert loops([4, 7, 4, 7], times=2, span=5) == 0
    with pytest.raises(ValueError, match="times must be at least 2, not 1"):
        loops([1], times=1)
