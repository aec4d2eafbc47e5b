"""Sums are right, tags close, the reference's held-out part is not learnt from."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gatework.studies.sources.characters import MAKERS, alphabet, reference_text, streams, sums, tags


def test_sums_are_right_and_their_results_judged():
    text, judged = sums(3000, np.random.default_rng(1))
    lines = text.split(".")[:-1]
    assert len(lines) > 100
    for line in lines:
        question, answer = line.split("=")
        assert int(answer) == eval(re.sub(r"\b0+(?=\d)", "", re.sub("[a-z]", "", question)))
    assert "".join(c for c, one in zip(text, judged, strict=True) if one) == re.sub(r"[^.=]*=", "", text)[: sum(judged)]


def test_tags_close_in_their_order():
    text, judged = tags(5000, np.random.default_rng(2))
    opened: list[str] = []
    depths = set()
    for closing, name in re.findall(r"<(/?)([a-z]+)>", text):
        if closing:
            assert opened.pop() == name
        else:
            opened.append(name)
        depths.add(len(opened))
    assert depths == {0, 1, 2, 3, 4}
    assert all(judged)


def test_the_reference_is_judged_on_what_is_not_learnt():
    text = reference_text()
    assert "yield" in text
    learn, judge = MAKERS["Python reference"]
    first, last = learn(900, np.random.default_rng(3))[0], judge(900, np.random.default_rng(3))[0]
    assert text.index(first) + 900 <= len(text) * 9 // 10 <= text.index(last)


@pytest.mark.parametrize("task", MAKERS)
def test_streams_are_in_the_alphabet_and_differ(task):
    numbers, judged = streams(task, 70, 3, 5)
    assert numbers.shape == judged.shape == (70, 3)
    assert 0 <= numbers.min() <= numbers.max() < len(alphabet(task))
    assert (numbers[:, 0] != numbers[:, 1]).any()
    assert (streams(task, 70, 3, 5, held_out=True)[0] != numbers).any()
