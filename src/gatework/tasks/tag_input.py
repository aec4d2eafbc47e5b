"""Sentences to be tagged, one by one as they come: a sentence a line, or a word a line."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gatework.data.files.lines import numbered_lines, source_name
from gatework.data.tagging.tagged import MOST_WORDS, sentences_of
from gatework.errors import InputError
from gatework.settings import STANDARD_INPUT


class Line(NamedTuple):
    """A line of a source, with its number and the source's name."""

    source: str
    number: int
    text: str


def lines_to_tag(sources: Sequence[str], encoding: str) -> Iterator[Line]:
    """The lines of files, standard input for ``-`` or nothing.

    Raises:
        InputError: a file cannot be read or is no text of this encoding.
    """
    for source in sources or [STANDARD_INPUT]:
        for number, text in numbered_lines(source, encoding):
            yield Line(source_name(source), number, text)


def sentences_to_tag(lines: Iterable[Line], columns: bool | None, word: int | None) -> Iterator[list[str]]:
    """The words of each sentence; none of an empty line, where a line is a sentence.

    Args:
        lines: of one source after the other.
        columns: whether a line is a word; where None, a tab in a source's first line that is neither blank nor a
            comment (of CoNLL-U) says so.
        word: the column of the word.

    Raises:
        InputError: a line lacks columns, or a sentence has too many words.
    """
    for source, own in itertools.groupby(lines, key=lambda line: line.source):
        head, rest = _up_to_first_text(own)
        if "\t" in head[-1].text if columns is None else columns:
            numbered = ((line.number, line.text) for line in rest)
            yield from (sentence.words for sentence in sentences_of(numbered, source, word=word, tagged=False))
        else:
            yield from map(_words, rest)


def _up_to_first_text(lines: Iterator[Line]) -> tuple[list[Line], Iterator[Line]]:
    """The lines up to the first that is neither blank nor a comment; and all of them, to be read."""
    head: list[Line] = []
    for line in lines:
        head.append(line)
        if line.text.strip() and ("\t" in line.text or not line.text.startswith("#")):
            break
    return head, itertools.chain(head, lines)


def _words(line: Line) -> list[str]:
    words = line.text.split()
    if len(words) > MOST_WORDS:
        raise InputError(
            f"{line.source} line {line.number} has {len(words):,} words",
            f"part it into lines of {MOST_WORDS:,} at most",
        )
    return words
