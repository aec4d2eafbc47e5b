"""Pieces of words: what is learnt, what comes back, what is refused."""

from __future__ import annotations

import itertools
import json
from collections import Counter

import numpy as np
import pytest

from gatework.data.text.subwords import Subwords
from gatework.data.text.symbols import END, START, UNKNOWN
from gatework.errors import DamagedFileError

TEXTS = ["the lowest low tower .", "newer and lower , lower and newer !", "a tower, lower than the lowest"]


def learn(max_size=60, **options):
    return Subwords.build(
        TEXTS, **({"lower": False, "min_count": 1, "special": (START, END)} | options), max_size=max_size
    )


class Paper:
    """Sennrich, Haddow and Birch 2016, algorithm 1, on words that begin with the mark of a blank."""

    def __init__(self, texts):
        self.words = [list("▁" + word) for text in texts for word in text.split()]

    def most_frequent(self):
        counts = Counter(pair for word in self.words for pair in itertools.pairwise(word))
        return {pair for pair, count in counts.items() if count == max(counts.values())}

    def merge(self, pair):
        for word in self.words:
            for place in range(len(word) - 1):
                if tuple(word[place : place + 2]) == pair:
                    word[place : place + 2] = ["".join(pair)]


def test_merges_are_those_of_the_paper():
    texts = ["low lower lowest", "newer newest wide", "lower wider newer"]
    pieces = Subwords.build(texts, lower=False, min_count=1, max_size=24, special=())
    merges = [tuple(pair) for pair in pieces.to_json()["bpe"]["model"]["merges"]]
    assert len(merges) >= 8
    paper = Paper(texts)
    for pair in merges:
        assert pair in paper.most_frequent()  # of equally frequent ones the paper takes any
        paper.merge(pair)


@pytest.mark.parametrize("text", [*TEXTS, "tower the !", "the tower,and  a   low"])
def test_texts_come_back(text):
    pieces = learn()
    numbers = pieces.encode(text)
    assert numbers.dtype == np.int64
    assert [pieces.name(number) for number in numbers] == pieces.split(text)
    assert pieces.join(pieces.split(text)) == " ".join(text.split())


def test_no_piece_is_word_and_mark_at_once():
    pieces = Subwords.build(["stop. stop ."] * 7, lower=False, min_count=1, max_size=40, special=())
    assert pieces.split("stop. stop .") == ["▁stop", ".", "▁stop", "▁."]


def test_unknown_characters_are_number_0_and_nothing_else_is():
    pieces = learn()
    assert pieces.split("towerß") == [*pieces.split("tower"), UNKNOWN]
    assert pieces.encode("towerß")[-1] == 0
    assert (pieces.encode("tower") > pieces.id(END)).all()


def test_small_letters_and_the_size_are_kept():
    assert len(learn(max_size=33)) == 33
    few = learn(max_size=9)  # fewer than there are characters
    assert len(few) == 9
    assert few.split("e,")[1:] == ["e", UNKNOWN]
    lower = learn(lower=True)
    assert lower.split("The TOWER") == lower.split("the tower")
    assert learn().split("THE") != learn().split("the")
    assert len(learn(max_size=None, min_count=3)) < len(learn(max_size=None))


def test_saved_pieces_are_the_same_and_learning_is_deterministic():
    pieces = learn()
    again = Subwords.from_json(json.loads(json.dumps(pieces.to_json())))
    assert again == pieces == learn()


@pytest.mark.parametrize(
    "value", [{}, {"bpe": {}, "lower": False}, {"bpe": {"model": {"type": "BPE"}}, "lower": 1}, []]
)
def test_damage_is_noticed(value):
    with pytest.raises(DamagedFileError, match="no pieces of words"):
        Subwords.from_json(value)


def test_pieces_of_another_kind_are_damage():
    value = learn(special=()).to_json()
    value["bpe"]["added_tokens"] = []
    value["bpe"]["model"]["vocab"] = {"a": 0, "b": 1}
    value["bpe"]["model"]["merges"] = []
    with pytest.raises(DamagedFileError, match="do not begin with <unknown>"):
        Subwords.from_json(value)
