"""Sentences with a tag for each word: a line a word, columns side by side, a blank line after each sentence."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from gatework.data.files.lines import Source, numbered_lines, source_name
from gatework.errors import InputError

CONLLU_COLUMNS = 10
FORM, UPOS = 1, 3  # universaldependencies.org/format.html
CONLLU_ID = re.compile(r"\d+(?P<no_word>-\d+|\.\d+)?")
MOST_WORDS = 10_000
"""A sentence of more words is a file without blank lines, which would fill the memory."""
DOCUMENT_START = "-DOCSTART-"  # CoNLL-2003 parts documents by a line of this


class TaggedSentence(NamedTuple):
    """A sentence.

    Attributes:
        words: at least one.
        tags: as many; none if tags were not asked for.
        line: the line of its first word, from 1.
    """

    words: list[str]
    tags: list[str]
    line: int


def read_tagged(
    source: Source,
    *,
    word: int | None = None,
    tag: int | None = None,
    tagged: bool = True,
    encoding: str = "utf-8",
) -> Iterator[TaggedSentence]:
    """Read sentences in the manner of CoNLL, one at a time.

    See ``sentences_of`` for how a file is understood.

    Args:
        source: a path, ``-`` for standard input, or a stream of bytes; gzip is recognised.
        word: the column of the word, from 0, or from -1 backwards; by default the first, in CoNLL-U ``FORM``.
        tag: the column of the tag; by default the last, in CoNLL-U ``UPOS``.
        tagged: whether tags are read; a file of words alone will do if not.
        encoding: of the text.

    Raises:
        InputError: the source cannot be read, or as ``sentences_of``.
    """
    lines = numbered_lines(source, encoding)
    return sentences_of(lines, source_name(source), word=word, tag=tag, tagged=tagged)


def sentences_of(
    lines: Iterator[tuple[int, str]],
    name: str,
    *,
    word: int | None = None,
    tag: int | None = None,
    tagged: bool = True,
) -> Iterator[TaggedSentence]:
    """Find the sentences in lines, one at a time.

    The first word decides for the whole file. Its columns are parted by tabs if there is one in it, else by
    blanks. Ten columns with a number first are CoNLL-U: comments, ranges of words (``3-4``) and empty words
    (``5.1``) are left out. Where tabs part columns, a line without one that begins with ``#`` is a comment.

    Args:
        lines: with their numbers.
        name: what messages call the file.
        word: as in ``read_tagged``, like all that follow.
        tag: the column of the tag.
        tagged: whether tags are read.

    Raises:
        InputError: while reading, a line has not as many columns as the first word, a word or tag is empty, a
            sentence has more than ``MOST_WORDS``, or the columns asked for do not exist.
    """
    head = _up_to_first_word(lines)
    if not head:
        return
    layout = _Layout.of(head[-1][1], word, tag, tagged, f"{name} line {head[-1][0]}")
    sentence = TaggedSentence([], [], 0)
    for line, text in itertools.chain(head, lines):
        if not text.strip():
            if sentence.words:
                yield sentence
            sentence = TaggedSentence([], [], 0)
        elif layout.holds_word(text):
            if not sentence.words:
                sentence = TaggedSentence([], [], line)
            layout.read(text, sentence, f"{name} line {line}")
            _check_length(sentence, name)
    if sentence.words:
        yield sentence


def _check_length(sentence: TaggedSentence, name: str) -> None:
    if len(sentence.words) > MOST_WORDS:
        raise InputError(
            f"{name} line {sentence.line} begins a sentence of more than {MOST_WORDS:,} words",
            "part sentences by a blank line",
        )


def _up_to_first_word(lines: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    """Read on to a line that is surely a word: what begins with # may be a comment."""
    head: list[tuple[int, str]] = []
    for line, text in lines:
        if not text.strip():
            continue
        head.append((line, text))
        if "\t" in text or not text.startswith("#"):
            break
    return head


class _Layout(NamedTuple):
    """How the lines of a file are written: its separator (None: any blanks), columns, and those to read."""

    separator: str | None
    columns: int
    conllu: bool
    word: int
    tag: int | None

    @classmethod
    def of(cls, text: str, word: int | None, tag: int | None, tagged: bool, where: str) -> _Layout:
        """Take the layout from a file's first word."""
        separator = "\t" if "\t" in text else None
        fields = text.split(separator)
        conllu = len(fields) == CONLLU_COLUMNS and CONLLU_ID.fullmatch(fields[0]) is not None
        if word is None:
            word = FORM if conllu else 0
        if tag is None:
            tag = UPOS if conllu else -1
        asked = {"word": word, "tag": tag} if tagged else {"word": word}
        for role, column in asked.items():
            if not -len(fields) <= column < len(fields):
                raise InputError(
                    f"{where} has {len(fields)} columns: there is no column {column} for the {role}",
                    f"name a column from 0 to {len(fields) - 1}",
                )
        if tagged and word % len(fields) == tag % len(fields):
            raise InputError(f"{where} gives column {word % len(fields)} for both word and tag", "give each its own")
        return cls(separator, len(fields), conllu, word, tag if tagged else None)

    def holds_word(self, text: str) -> bool:
        """Whether a line is a word, not a comment or one of CoNLL-U's other lines."""
        if text.startswith(DOCUMENT_START):
            return False
        if text.startswith("#"):
            return not self.conllu and (self.separator is None or "\t" in text)
        number = CONLLU_ID.match(text) if self.conllu else None
        return number is None or number["no_word"] is None

    def read(self, text: str, sentence: TaggedSentence, where: str) -> None:
        """Add the word of a line, and its tag, to a sentence."""
        fields = text.split(self.separator)
        if len(fields) != self.columns:
            few = "only " if len(fields) < self.columns else ""
            raise InputError(
                f"{where} has {few}{len(fields)} columns, the first word {self.columns}",
                "give each word all columns, and part sentences by a blank line",
            )
        word = fields[self.word]
        if not word.strip():
            raise InputError(f"{where} has no word in column {self.word % self.columns}", "fill it in")
        sentence.words.append(word)
        if self.tag is None:
            return
        if not fields[self.tag].strip():
            raise InputError(f"{where} has no tag in column {self.tag % self.columns}", "fill it in")
        sentence.tags.append(fields[self.tag])
