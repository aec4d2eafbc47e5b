"""Spans of words, such as names of persons, written as one tag a word: ``B-PER I-PER O``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"
BEGINNINGS = frozenset("BSU")
"""The first word of a span, or its only one (S of IOBES, U of BILOU)."""
ENDINGS = frozenset("ESLU")
"""The last word of a span, or its only one."""
INSIDE = frozenset("IM")
PREFIXES = BEGINNINGS | ENDINGS | INSIDE


class Span(NamedTuple):
    """Words that belong together.

    Attributes:
        start: the first of them.
        end: the first after them.
        kind: what they are: "PER".
    """

    start: int
    end: int
    kind: str


def are_span_tags(tags: Iterable[str]) -> bool:
    """Whether these are tags of spans: each ``O`` or a prefix, a hyphen and a kind, and not all of them ``O``."""
    marks = [tag for tag in tags if tag != OUTSIDE]
    return bool(marks) and all(tag[:1] in PREFIXES and tag[1:2] == "-" and len(tag) > 2 for tag in marks)


def spans(tags: Sequence[str]) -> list[Span]:
    """Find the spans of a sentence, as the scorer of CoNLL does (``conlleval``).

    A span goes on as long as its kind does, until a tag begins another one (B, S, U) or after a tag that ends it
    (E, S, L, U). What is wrongly written counts too: ``O I-PER`` is a span of one word. So the tags may be of IOB1,
    IOB2, IOBES or BILOU alike.
    """
    found: list[Span] = []
    start, kind, over = 0, "", True
    for place, tag in enumerate([*tags, OUTSIDE]):
        prefix, _, named = ("", "", "") if tag == OUTSIDE else tag.partition("-")
        if kind and (over or named != kind or prefix in BEGINNINGS):
            found.append(Span(start, place, kind))
            kind = ""
        if named and not kind:
            start, kind = place, named
        over = prefix in ENDINGS
    return found
