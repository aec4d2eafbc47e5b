"""BLEU against Papineni et al. 2002 written a second time, sums of batches against the whole."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from gatework.data.translation.translation_scores import bleu_counts, bleu_of, corpus_scores, scorers
from gatework.errors import InputError

WRITTEN = ["the cat sat on the red mat .", "a dog ran in a park", "two men sit on a long bench , outside ."]
WANTED = ["the cat sat on a red mat .", "a small dog ran in the park .", "two men sit on a bench outside ."]


def papineni(written, wanted):
    right, total, lengths = Counter(), Counter(), [0, 0]
    for one, other in zip(written, wanted, strict=True):
        words = one.split(), other.split()
        lengths = [count + len(part) for count, part in zip(lengths, words, strict=True)]
        for n in range(1, 5):
            grams = [Counter(tuple(part[i : i + n]) for i in range(len(part) - n + 1)) for part in words]
            right[n] += sum((grams[0] & grams[1]).values())
            total[n] += sum(grams[0].values())
    mean = sum(math.log(right[n] / total[n]) for n in range(1, 5)) / 4
    return 100 * math.exp(mean + min(0, 1 - lengths[1] / lengths[0]))


@pytest.mark.parametrize("sides", [(WRITTEN, WANTED), (WANTED, WRITTEN)])
def test_bleu_is_that_of_the_paper(sides):
    assert corpus_scores(*sides)["bleu_none"] == pytest.approx(papineni(*sides))


def test_13a_parts_what_is_not_tokenised():
    scores = corpus_scores(["the cat, the mat."], ["the cat , the mat ."])
    assert scores["bleu_13a"] == pytest.approx(100)
    assert scores["bleu_none"] < 50
    assert scores["chrf"] == pytest.approx(100)  # blanks do not count


def test_counts_of_batches_add_up():
    totals = Counter()
    for begin, end in ((0, 1), (1, 3)):
        totals.update(bleu_counts(WRITTEN[begin:end], WANTED[begin:end]))
    assert bleu_of(totals) == pytest.approx(papineni(WRITTEN, WANTED))


def test_without_sacrebleu_one_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sacrebleu", None)
    with pytest.raises(InputError, match=r"pip install 'gatework\[translate\]'"):
        scorers()
