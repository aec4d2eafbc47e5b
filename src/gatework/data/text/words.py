r"""Words: how a text falls into them, and how they become a text again.

A token is one of
    - a line's end, ``"\n"``;
    - a word: letters, digits, underscores and combining marks; inside it single apostrophes and hyphens
      (``don't``, ``well-known``), and points and commas between digits (``3.14``, ``10,000``);
    - a dash typed as ``--``;
    - any other visible character, alone: each punctuation mark of ``...`` is a token.
Spaces and tabs only part tokens and are not kept. Joining puts one space between two tokens, but none
    - at the start, or beside a line's end;
    - before a mark that closes (``. , ; : ! ? ' ) ] }`` and their like);
    - after a mark that opens (``( [ {`` and their like);
    - inside straight double quotes, which open and close by turns, anew after an empty line.
So ``split_words(join(tokens)) == tokens`` for all tokens of a text, and the text itself comes back where it
is spaced as prose is.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

CLOSING = frozenset(".,;:!?')]}%…’”»›、。，；：！？）】』」")
OPENING = frozenset("([{‘“«‹¿¡$€£（【『「")


def split_words(text: str) -> list[str]:
    """Return the tokens of a text, in order."""
    return _pattern().findall(text)


@functools.cache
def _pattern() -> re.Pattern[str]:
    letter = rf"[\w{_marks()}\u200c\u200d]"
    return re.compile(rf"\n|{letter}+(?:['’-]{letter}+|(?<=\d)[.,](?=\d){letter}+)*|--|[^\w\s]")


def _marks() -> str:
    r"""Return the combining marks as ranges for a character class; ``\w`` leaves them out."""
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith("M"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


def whole_words(texts: Iterable[str]) -> Iterator[str]:
    """Cut a text anew, at spaces only, so that no word lies in two pieces."""
    held: list[str] = []
    for text in texts:
        cut = _last_space(text)
        if cut is None:
            held.append(text)
            continue
        yield "".join([*held, text[:cut]])
        held = [text[cut:]]
    yield "".join(held)


def _last_space(text: str) -> int | None:
    # words are short, so looking back from the end finds a space within a few dozen characters
    return next((index for index in range(len(text) - 1, -1, -1) if text[index].isspace()), None)


class Joiner:
    """Puts tokens together into a text as they come, by the rule of this module."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin a new text."""
        self._glue = True  # no space before the next token
        self._quoted = False
        self._empty_line = True

    def add(self, token: str) -> str:
        """Return the token with the space before it, if it has one."""
        if token == "\n":
            self._quoted = self._quoted and not self._empty_line
            self._glue = self._empty_line = True
            return token
        self._empty_line = False
        if token == '"':
            self._quoted = not self._quoted
            glued, self._glue = self._glue or not self._quoted, self._quoted
        else:
            glued, self._glue = self._glue or token in CLOSING, token in OPENING
        return token if glued else f" {token}"
