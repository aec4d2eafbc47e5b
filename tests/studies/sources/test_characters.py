"""Sums are right, tags close, the reference's held-out part is not learnt from."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gatework.studies.sources.characters import (
    DEEPEST,
    LETTERS,
    LONGEST_NAME,
    TASKS,
    alphabet,
    reference,
    reference_text,
    streams,
    sums,
    tag_limits,
    tags,
)


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
    assert depths == {0, 1, 2}
    assert all(judged)


def likeliest(before, opened, forgets):
    """What follows a text of tags, as one who knows the grammar guesses."""
    begun = before[before.rfind("<") :]
    if before.endswith(">") or not before:
        return "<"
    if begun == "<":
        return "/" if opened else "a"
    name = begun.lstrip("</")
    if begun.startswith("</") and not forgets:
        return (opened[-1] + ">")[len(name)]
    return "a" if len(name) < 2 else ">"


def test_the_limits_of_tags_are_what_such_readers_reach():
    text, _ = tags(20_000, np.random.default_rng(5))
    right = {True: 0, False: 0}
    opened: list[str] = []
    for place, character in enumerate(text):
        before = text[max(0, place - 9) : place]
        for forgets in right:
            right[forgets] += likeliest(before, opened, forgets) == character
        if character == ">":
            tag = (before + ">")[(before + ">").rfind("<") :]
            opened = opened[:-1] if tag.startswith("</") else [*opened, tag[1:-1]]
    assert right[True] / len(text) == pytest.approx(tag_limits()[0], abs=0.01)
    assert right[False] / len(text) == pytest.approx(tag_limits()[1], abs=0.01)
    assert (DEEPEST, LONGEST_NAME, len(LETTERS)) == (2, 4, 26)


def test_the_parts_of_the_reference_do_not_overlap():
    text = reference_text()
    assert "yield" in text
    pieces = [reference(900, np.random.default_rng(3), part)[0] for part in ("training", "validation", "test")]
    begins = [text.index(piece) for piece in pieces]
    tenths = [len(text) * tenth // 10 for tenth in (0, 8, 9, 10)]
    for begin, low, high in zip(begins, tenths, tenths[1:], strict=False):
        assert low <= begin <= high - 900


@pytest.mark.parametrize("task", TASKS)
def test_streams_are_in_the_alphabet_and_differ(task):
    numbers, judged = streams(task, 70, 3, 5)
    assert numbers.shape == judged.shape == (70, 3)
    assert 0 <= numbers.min() <= numbers.max() < len(alphabet(task))
    assert (numbers[:, 0] != numbers[:, 1]).any()
    held_out = [streams(task, 70, 3, 5, part)[0] for part in ("validation", "test")]
    assert (held_out[0] != numbers).any()
    assert (held_out[0] != held_out[1]).any()
