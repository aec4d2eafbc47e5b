"""Words read off phonemes, against all sequences of words."""

from __future__ import annotations

import itertools
import random

import pytest

from gatework.data.sound.lexicon import DIGIT_WORDS, DIGITS
from gatework.data.sound.pronounced import WordReader
from gatework.data.text.edit_distance import edit_distance

WAYS = {"ab": [("A", "B")], "a": [("A",)], "cab": [("C", "A", "B"), ("K", "B")], "bc": [("B", "C")]}


def spelled(words: tuple[str, ...]) -> list[list[str]]:
    """All ways to say words."""
    return [list(itertools.chain(*said)) for said in itertools.product(*(WAYS[word] for word in words))]


def test_the_nearest_words_and_of_these_the_fewest() -> None:
    reader, draw = WordReader(WAYS), random.Random(3)
    candidates = [
        (words, said) for n in range(1, 5) for words in itertools.product(WAYS, repeat=n) for said in spelled(words)
    ]
    for _ in range(12):
        heard = draw.choices("ABCKX", k=draw.randrange(1, 6))
        found = tuple(reader.read(heard))
        costs = [(edit_distance(heard, said), len(words)) for words, said in candidates]
        own = min(edit_distance(heard, said) for said in spelled(found))
        assert (own, len(found)) == min(costs)


def test_digits_are_read_off_however_they_are_said() -> None:
    reader = WordReader(DIGITS.pronunciations)
    draw = random.Random(7)
    for _ in range(20):
        words = draw.choices(DIGIT_WORDS, k=5)
        said = [phoneme for word in words for phoneme in draw.choice(DIGITS.pronunciations[word])]
        assert reader.read(said) == words
    assert reader.read(["S", "IH", "K", "S", "T", "UW"]) == ["six", "two"]
    assert reader.read(["F", "AO", "R", "N", "AY"]) == ["four", "nine"]  # one phoneme is missing
    assert reader.read([]) == []


def test_words_without_phonemes_are_refused() -> None:
    for ways in ({}, {"a": [()]}):
        with pytest.raises(ValueError, match="need phonemes"):
            WordReader(ways)
