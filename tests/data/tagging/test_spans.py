"""Spans of words: all the ways to write them give the same spans, and wrong ones count as CoNLL's scorer counts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.tagging.spans import are_span_tags, spans

KINDS = {"P": "PER", "L": "LOC"}


def written(pieces: list[tuple[int, str]], how: str) -> list[str]:
    """Tags of pieces (words, kind), "" for those outside, in a scheme."""
    tags: list[str] = []
    before = ""
    for words, kind in pieces:
        if not kind:
            tags += ["O"] * words
        elif how == "IOB1":
            tags += [("B-" if before == kind else "I-") + kind, *[f"I-{kind}"] * (words - 1)]
        elif how == "IOB2":
            tags += [f"B-{kind}", *[f"I-{kind}"] * (words - 1)]
        else:
            first, middle, last, single = how
            inner = [f"{middle}-{kind}"] * (words - 2)
            tags += [f"{single}-{kind}"] if words == 1 else [f"{first}-{kind}", *inner, f"{last}-{kind}"]
        before = kind
    return tags


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["", "PER", "LOC", "a-b"])), max_size=6),
    st.sampled_from(["IOB1", "IOB2", "BIES", "BILU", "BMES"]),
)
def test_every_scheme_tells_the_same_spans(pieces: list[tuple[int, str]], how: str) -> None:
    wanted, start = [], 0
    for words, kind in pieces:
        wanted += [(start, start + words, kind)] if kind else []
        start += words
    assert spans(written(pieces, how)) == wanted


@given(st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), max_size=9))
def test_whatever_is_written_begins_and_ends_as_conlleval_has_it(tags: list[str]) -> None:
    letters = "".join("O" if tag == "O" else tag[2] if tag[0] == "B" else tag[2].lower() for tag in tags)
    wanted = [(one.start(), one.end(), KINDS[one[0][0].upper()]) for one in re.finditer("[Pp]p*|[Ll]l*", letters)]
    assert spans(tags) == wanted


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        (["E-X", "I-X"], [(0, 1, "X"), (1, 2, "X")]),
        (["S-X", "E-X"], [(0, 1, "X"), (1, 2, "X")]),
        (["B-X", "E-X", "E-X"], [(0, 2, "X"), (2, 3, "X")]),
        ([], []),
    ],
)
def test_endings_end(tags: list[str], wanted: list[tuple[int, int, str]]) -> None:
    assert spans(tags) == wanted


def test_which_tags_mark_spans() -> None:
    assert are_span_tags(["O", "B-PER", "I-PER"])
    assert are_span_tags(["S-X", "U-X", "L-X", "E-X", "M-X"])
    for tags in (["O"], [], ["NOUN", "O"], ["B-PER", "X-PER"], ["B-"], ["B"], ["B-PER", "BPER"]):
        assert not are_span_tags(tags), tags
