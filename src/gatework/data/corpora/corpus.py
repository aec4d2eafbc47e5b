"""A corpus: texts as ids, with where documents begin, divided into training, validation and test by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gatework.data.corpora.cache import (
    Encoded,
    cache_key,
    corpora_folder,
    fingerprinter,
    hashed,
    read_entry,
    write_entry,
)
from gatework.data.corpora.encode import Encoder, Progress
from gatework.data.files.sources import find_sources
from gatework.data.text.vocabulary import Vocabulary
from gatework.errors import InputError
from gatework.settings import CorpusConfig

IN_MEMORY = 64 << 20  # bytes of ids above which a corpus is mapped from the cache


@dataclass(frozen=True, eq=False)
class Split:
    """A stretch of a corpus.

    Attributes:
        tokens: (n,) its ids, a view.
        starts: positions in it before which the state is reset, rising from 0.
    """

    tokens: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts as ids, read-only.

    Attributes:
        vocabulary: what the ids mean; built from the training part alone.
        tokens: (n,) the ids of all documents in order, the smallest unsigned integers that hold them.
        starts: int64 positions before which the state of a reader is reset, rising from 0.
        train: the first part.
        validation: the part after it.
        test: the last part; with no share it is empty.
        fingerprint: SHA-256 of vocabulary, tokens and starts.
        separator: the ids that end a document; empty if none do.
        name: a short name of where it comes from.
        config: what it was loaded with.
    """

    vocabulary: Vocabulary
    tokens: np.ndarray
    starts: np.ndarray
    train: Split
    validation: Split
    test: Split
    fingerprint: str
    separator: tuple[int, ...]
    name: str
    config: CorpusConfig

    @property
    def codec(self) -> Vocabulary:
        """The vocabulary, by the name that all data have for what their numbers mean."""
        return self.vocabulary


def load_corpus(
    config: CorpusConfig | str | Path | Sequence[str | Path],
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    stdin: BinaryIO | None = None,
    keep: Path | None = None,
    vocabulary: Vocabulary | None = None,
) -> Corpus:
    """Read, encode and divide a corpus.

    Several documents with no separator are each preceded by the vocabulary's document symbol, and the state is
    reset before it. A separator stays in the tokens as the end of its document, and the state is reset before its
    last token, which so starts the next document; files that do not end with one are given one between them.

    Args:
        config: which texts, and how; or files and folders, read with the usual settings.
        cache: the folder for corpora too large for memory; ``corpora_folder()`` if not given.
        progress: told the bytes read so far and, where known, the bytes there are.
        stdin: what the source ``-`` reads; the program's standard input if not given.
        keep: where to keep what standard input gave, so that it can be read again.
        vocabulary: use this one, as of a trained model, instead of building one.

    Raises:
        InputError: a source cannot be read, is no text, or is empty; the separator does not occur.
        StorageError: a large corpus finds no room in the cache.
        ValueError: the vocabulary given is of another level.
    """
    if not isinstance(config, CorpusConfig):
        paths = [config] if isinstance(config, (str, Path)) else config
        config = CorpusConfig(sources=[str(path) for path in paths])
    if vocabulary is not None and vocabulary.level != config.level:
        raise ValueError(f"a vocabulary of level {vocabulary.level} cannot encode level {config.level}")
    name, documents = find_sources(config.sources, stdin=stdin, keep=keep)
    folder = corpora_folder() if cache is None else cache
    key = cache_key(config, (document.identity for document in documents), vocabulary)
    encoded = None if key is None else read_entry(folder / key)
    if encoded is None:
        marked = len(documents) > 1 if vocabulary is None else vocabulary.document is not None
        encoder = Encoder(config.level, marked=marked, separator=config.separator_text, folder=folder, limit=IN_MEMORY)
        try:
            encoder.read(documents, config.encoding, progress)
            key = key or cache_key(config, (document.identity for document in documents), vocabulary)
            assert key is not None  # a document that has been read knows its identity
            encoded = _encoded(config, encoder, name, vocabulary, folder / key)
        finally:
            encoder.close()
    return _divided(config, encoded, name)


def _encoded(config: CorpusConfig, encoder: Encoder, name: str, vocabulary: Vocabulary | None, entry: Path) -> Encoded:
    """Give what an encoder read its final ids, in memory or, if that is too much, in the cache."""
    if not len(encoder.tokens):
        raise InputError(f"{name} holds no text", f"give one with at least one {config.level}")
    if vocabulary is None:
        if config.separator is not None and len(encoder.starts) < 2:
            raise InputError(
                f"the separator {config.separator!r} does not occur in {name}",
                "give the text that ends a document, or leave --separator out",
            )
        vocabulary = _vocabulary(config, encoder, name)
    known = {symbol: number for number, symbol in enumerate(vocabulary.symbols)}
    separator = tuple(known.get(symbol, vocabulary.unknown or 0) for symbol in encoder.separator_symbols())
    tokens = encoder.final(vocabulary)
    starts = (piece.astype("<i8") for piece in encoder.starts.read())
    if encoder.large:
        return write_entry(entry, vocabulary, tokens, starts, separator)
    digest = fingerprinter(vocabulary)
    return Encoded(
        vocabulary=vocabulary,
        tokens=np.concatenate(list(hashed(tokens, digest))),
        starts=np.concatenate(list(hashed(starts, digest))),
        separator=separator,
        fingerprint=digest.hexdigest(),
    )


def _vocabulary(config: CorpusConfig, encoder: Encoder, name: str) -> Vocabulary:
    vocabulary = Vocabulary.build(
        config.level,
        encoder.counts(_share(config.train_share, len(encoder.tokens))),
        min_count=config.min_count,
        max_size=config.max_vocabulary,
        document=encoder.marked,
        separator=config.separator_text or "",
    )
    if not vocabulary.ordinary:
        times = "" if config.min_count == 1 else f" {config.min_count} times"
        raise InputError(
            f"no {config.level} occurs{times} in the training part of {name}",
            "give more text, or a lower --min-count",
        )
    return vocabulary


def _divided(config: CorpusConfig, encoded: Encoded, name: str) -> Corpus:
    tokens, starts = encoded.tokens, encoded.starts
    tokens.flags.writeable = False
    starts.flags.writeable = False
    first = _share(config.train_share, len(tokens))
    second = _share(1 - Fraction(str(config.test)), len(tokens))
    return Corpus(
        vocabulary=encoded.vocabulary,
        tokens=tokens,
        starts=starts,
        train=_split(tokens, starts, 0, first),
        validation=_split(tokens, starts, first, second),
        test=_split(tokens, starts, second, len(tokens)),
        fingerprint=encoded.fingerprint,
        separator=encoded.separator,
        name=name,
        config=config,
    )


def _share(share: Fraction, length: int) -> int:
    """Round down, exactly; for the default shares this is nanoGPT's ``int(0.9 * n)``."""
    return int(share * length)


def _split(tokens: np.ndarray, starts: np.ndarray, first: int, last: int) -> Split:
    low, high = np.searchsorted(starts, (first, last))
    inside = starts[low:high]
    if first:
        inside = inside - first
    if not len(inside) or inside[0]:
        inside = np.concatenate([np.zeros(1, np.int64), inside])
    return Split(tokens[first:last], inside)
