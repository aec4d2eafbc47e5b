"""Provisional ids: symbols are numbered as they are met, since the vocabulary is known only at the end.

There is one numbering for each level. All three read a document in pieces, and the ids they give do not
depend on where the pieces end.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from gatework.data.files.sources import Document
from gatework.data.text.vocabulary import BYTES, DOCUMENT, code_points
from gatework.data.text.words import split_words, whole_words
from gatework.errors import InputError
from gatework.settings import Level


class Numbering(Protocol):
    """Gives ids to the symbols of a corpus.

    Attributes:
        document: the id of the symbol that starts a document.
    """

    document: int

    def read(self, document: Document, encoding: str, size: int) -> Iterator[np.ndarray]:
        """Give a document's ids, from pieces of at most ``size`` bytes."""
        ...

    def of(self, text: str) -> np.ndarray:
        """Return the ids of a whole text."""
        ...

    def symbols(self) -> list[str]:
        """Return the symbols met so far, by id."""
        ...


class ByteNumbering:
    """A byte is its own id."""

    document = 256

    def read(self, document: Document, encoding: str, size: int) -> Iterator[np.ndarray]:
        """Give a document's bytes as they are."""
        for chunk in document.chunks(size):
            yield np.frombuffer(chunk, np.uint8)

    def of(self, text: str) -> np.ndarray:
        """Return the bytes of a text in UTF-8."""
        return np.frombuffer(text.encode(), np.uint8)

    def symbols(self) -> list[str]:
        """Return the 256 bytes and the start of a document."""
        return [*BYTES, DOCUMENT]


class CharacterNumbering:
    """Characters, through a table that has a place for every code point."""

    document = 0

    def __init__(self) -> None:
        self._table = np.full(sys.maxunicode + 1, -1, np.int32)
        self._symbols = [DOCUMENT]

    def read(self, document: Document, encoding: str, size: int) -> Iterator[np.ndarray]:
        """Give the ids of a document's characters."""
        for text in text_chunks(document, encoding, size):
            yield self.of(text)

    def of(self, text: str) -> np.ndarray:
        """Return the ids of a text's characters."""
        codes = code_points(text)
        ids = self._table[codes]
        if (ids < 0).any():
            new = np.unique(codes[ids < 0])
            self._table[new] = np.arange(len(self._symbols), len(self._symbols) + len(new))
            self._symbols += [chr(code) for code in new]
            ids = self._table[codes]
        return ids

    def symbols(self) -> list[str]:
        """Return the characters met so far."""
        return self._symbols


class WordNumbering:
    """Words, through a dictionary that numbers those it is asked for."""

    document = 0

    def __init__(self) -> None:
        self._ids = _Growing({DOCUMENT: 0})

    def read(self, document: Document, encoding: str, size: int) -> Iterator[np.ndarray]:
        """Give the ids of a document's words."""
        for text in whole_words(text_chunks(document, encoding, size)):
            yield self.of(text)

    def of(self, text: str) -> np.ndarray:
        """Return the ids of a text's words."""
        return np.fromiter(map(self._ids.__getitem__, split_words(text)), np.int64)

    def symbols(self) -> list[str]:
        """Return the words met so far."""
        return list(self._ids)


class _Growing(dict[str, int]):
    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def numbering(level: Level) -> Numbering:
    """Return a fresh numbering for a level."""
    if level == "byte":
        return ByteNumbering()
    return CharacterNumbering() if level == "character" else WordNumbering()


def text_chunks(document: Document, encoding: str, size: int) -> Iterator[str]:
    r"""Decode a document piece by piece; every line ends in ``\n``, and a byte order mark is dropped.

    Raises:
        InputError: it is not text in this encoding; names the first byte that is not.
    """
    decoder: Any = codecs.getincrementaldecoder(document.encoding or encoding)()
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    read = 0
    begun = False

    def decoded(chunk: bytes, final: bool = False) -> str:
        nonlocal begun
        try:
            text = lines.decode(chunk, final)
        except UnicodeError as error:
            raise _undecodable(document, encoding, read, error) from error
        if text and not begun:
            begun = True
            text = text.removeprefix("\ufeff")
        return text

    for chunk in document.chunks(size):
        read += len(chunk)
        yield decoded(chunk)
    yield decoded(b"", final=True)


def _undecodable(document: Document, encoding: str, read: int, error: UnicodeError) -> InputError:
    where = ""
    if isinstance(error, UnicodeDecodeError):
        # what the decoder held is the end of what was read, so count back from there
        where = f" at byte {read - len(error.object) + error.start:,}"
    if document.name.endswith(".gz"):
        return InputError(f"{document.name} is compressed and no text", f"unpack it: gunzip {document.name}")
    other = "latin-1" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else "utf-8"
    return InputError(
        f"{document.name} is not {encoding} text{where}", f"try --encoding {other} (or another), or --level byte"
    )
