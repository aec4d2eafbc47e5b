"""From ids to text, a few at a time: what a model writes is shown as it is drawn."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from gatework.data.text.words import Joiner


class Decoder(Protocol):
    """Turns ids into text piece by piece; all pieces together are the text of all ids."""

    def feed(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return the text that these ids complete."""
        ...

    def flush(self) -> str:
        """Return what is still held back, and begin anew."""
        ...


class SymbolDecoder:
    """One text for each id."""

    def __init__(self, shown: Sequence[str]) -> None:
        self._shown = shown

    def feed(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return the text of these ids."""
        return "".join([self._shown[number] for number in _checked(ids, len(self._shown))])

    def flush(self) -> str:
        """Return nothing: no id waits for another."""
        return ""


class ByteDecoder:
    """UTF-8; the bytes of one character are given out together, and wrong ones as a replacement character."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return the characters that these bytes complete; a document's start ends what came before."""
        numbers = _checked(ids, self._size)
        text = ""
        while 256 in numbers:
            start = numbers.index(256)
            text += self._utf8.decode(bytes(numbers[:start]), final=True)
            numbers = numbers[start + 1 :]
        return text + self._utf8.decode(bytes(numbers))

    def flush(self) -> str:
        """Return a replacement character if a character is unfinished."""
        return self._utf8.decode(b"", final=True)


class WordDecoder:
    """Words with spaces between them; a document's start, shown as nothing, begins a new text."""

    def __init__(self, shown: Sequence[str]) -> None:
        self._shown = shown
        self._joiner = Joiner()

    def feed(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return these words, each with the space before it, if it has one."""
        return "".join(self._texts(self._shown[number] for number in _checked(ids, len(self._shown))))

    def flush(self) -> str:
        """Return nothing, for no word waits for another; the next one begins a text."""
        self._joiner.restart()
        return ""

    def _texts(self, tokens: Iterable[str]) -> Iterable[str]:
        for token in tokens:
            if token:
                yield self._joiner.add(token)
            else:
                self._joiner.restart()


def _checked(ids: Sequence[int] | np.ndarray, size: int) -> list[int]:
    numbers = np.asarray(ids, dtype=np.int64).reshape(-1)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < size):
        raise ValueError(f"an id lies outside the vocabulary of {size} symbols")
    return numbers.tolist()
