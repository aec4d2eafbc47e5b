"""Documents to ids: one pass over the text, then one over the ids once the vocabulary is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from gatework.data.corpora.numbering import Numbering, numbering
from gatework.data.corpora.separator import SeparatorFinder
from gatework.data.corpora.spool import Spool, smallest_type
from gatework.data.files.sources import Document
from gatework.data.text.vocabulary import Vocabulary
from gatework.errors import InputError
from gatework.settings import Level

CHUNK = 1 << 20  # bytes of text read at a time

Progress = Callable[[int, int | None], None]


class Encoder:
    """Reads documents into provisional ids and gives them out again in a vocabulary's ids.

    Args:
        level: what a symbol is.
        marked: whether each document is preceded by the symbol that starts one, if no separator parts them.
        separator: the text that ends a document, if one does.
        folder: where ids that are too many for memory are put.
        limit: how many bytes of them may stay in memory.

    Attributes:
        tokens: the provisional ids of all documents.
        starts: the positions before which the state of a reader is reset.
        marked: whether documents are preceded by the symbol that starts one.

    Raises:
        InputError: the separator holds no symbol of this level.
    """

    def __init__(self, level: Level, *, marked: bool, separator: str | None, folder: Path, limit: int) -> None:
        self.tokens = Spool(folder, limit)
        self.starts = Spool(folder, limit)
        self._numbering: Numbering = numbering(level)
        self.marked = marked and separator is None
        self._separator = None if separator is None else self._numbering.of(separator).astype(np.int64)
        if self._separator is not None and not len(self._separator):
            raise InputError(f"the separator {separator!r} holds no {level}", "name a text that does")
        self._divided = True

    @property
    def large(self) -> bool:
        """Whether the ids were too many for memory."""
        return self.tokens.on_disk or self.starts.on_disk

    def read(self, documents: Sequence[Document], encoding: str, progress: Progress | None = None) -> None:
        """Read all documents; ``progress`` is told the bytes read and, where known, the bytes there are."""
        sizes = [document.size for document in documents]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        done = 0

        def advance(chunk: bytes) -> None:
            nonlocal done
            done += len(chunk)
            if progress is not None:
                progress(done, total)

        for document in documents:
            self._read(_Watched(document, advance), encoding)

    def counts(self, limit: int) -> dict[str, int]:
        """Count the symbols among the first ``limit`` tokens."""
        symbols = self._numbering.symbols()
        counts = np.zeros(len(symbols), np.int64)
        for ids in self.tokens.read(limit):
            counts += np.bincount(ids, minlength=len(symbols))
        counts[self._numbering.document] = 0
        return {symbol: int(count) for symbol, count in zip(symbols, counts, strict=True) if count}

    def separator_symbols(self) -> list[str]:
        """Return the symbols of the separator, in order."""
        symbols = self._numbering.symbols()
        return [] if self._separator is None else [symbols[number] for number in self._separator]

    def final(self, vocabulary: Vocabulary) -> Iterator[np.ndarray]:
        """Give all tokens in a vocabulary's ids, in pieces, in the smallest type that holds them."""
        known = {symbol: number for number, symbol in enumerate(vocabulary.symbols)}
        table = np.array(
            [known.get(symbol, vocabulary.unknown or 0) for symbol in self._numbering.symbols()],
            smallest_type(len(vocabulary) - 1),
        )
        return (table[ids] for ids in self.tokens.read())

    def close(self) -> None:
        """Let go of what was read."""
        self.tokens.close()
        self.starts.close()

    def _read(self, document: Document, encoding: str) -> None:
        finder = None if self._separator is None else SeparatorFinder(self._separator)
        begun = False
        for ids in self._numbering.read(document, encoding, CHUNK):
            if not len(ids):
                continue
            if not begun:
                self._begin()
                begun = True
            if finder is not None:
                self._reset_at(finder.feed(ids) + len(self.tokens))
            self.tokens.append(ids)
        if begun and finder is not None:
            self._divided = finder.ended

    def _begin(self) -> None:
        position = len(self.tokens)
        if self._separator is None:
            self._reset_at(np.array([position]))
            if self.marked:
                self.tokens.append(np.array([self._numbering.document]))
        elif not position:
            self._reset_at(np.array([0]))
        elif not self._divided:
            self.tokens.append(self._separator)
            self._reset_at(np.array([len(self.tokens) - 1]))

    def _reset_at(self, positions: np.ndarray) -> None:
        # a separator of one symbol at the very beginning is found where there is a reset already
        self.starts.append(positions[positions > 0] if len(self.starts) else positions)


class _Watched:
    """A document that tells how much of it was read."""

    def __init__(self, document: Document, advance: Callable[[bytes], None]) -> None:
        self._document = document
        self._advance = advance
        self.name, self.size, self.encoding = document.name, document.size, document.encoding
        self.identity = document.identity

    def chunks(self, size: int) -> Iterator[bytes]:
        for chunk in self._document.chunks(size):
            self._advance(chunk)
            yield chunk
