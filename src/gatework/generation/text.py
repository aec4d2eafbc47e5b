"""Drawn symbols as text."""

from __future__ import annotations

from collections.abc import Iterable

from gatework.data import Vocabulary

BETWEEN_DOCUMENTS = "\n\n"


class TextWriter:
    """Turns symbols into text one by one; where a document begins, it leaves a blank line."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._document = vocabulary.document
        self._decoder = vocabulary.decoder()

    def feed(self, symbol: int) -> str:
        """The text that this symbol completes."""
        if symbol == self._document:
            return self._decoder.flush() + BETWEEN_DOCUMENTS
        return self._decoder.feed([symbol])

    def flush(self) -> str:
        """The text that is still held back."""
        return self._decoder.flush()


def as_text(vocabulary: Vocabulary, symbols: Iterable[int]) -> str:
    """The text of drawn symbols."""
    writer = TextWriter(vocabulary)
    return "".join([*map(writer.feed, symbols), writer.flush()])
