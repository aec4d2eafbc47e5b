"""Word vectors into the files that other programs read."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from gatework.data.text.word_vectors import VectorFormat
from gatework.errors import InputError
from gatework.storage import replacing

if TYPE_CHECKING:
    import numpy as np


def write_word_vectors(
    path: str | os.PathLike[str], words: Sequence[str], vectors: np.ndarray, format: VectorFormat = "word2vec-text"
) -> None:
    """Write word vectors whole or not at all; compressed where the name ends in ``.gz``.

    Text holds the shortest numbers that give the same float32 when read.

    Args:
        path: the file.
        words: no two alike, none empty or with a blank in it.
        vectors: (words, dimension) numbers that float32 holds.
        format: ``glove`` and ``word2vec-text`` are text, the latter with a first line of sizes;
            ``word2vec-binary`` is not.

    Raises:
        InputError: a word is empty or holds a blank or line end, which the formats part words by, or occurs twice.
        StorageError: the file cannot be written.
        ValueError: the format is unknown, or the vectors are not as many as the words, of no dimension, or not finite.
    """
    import numpy as np

    vectors = np.asarray(vectors, "<f4")
    _check(words, vectors, format)
    path = Path(path)
    with replacing(path) as beside, beside.open("wb") as file:
        if path.suffix == ".gz":  # no time and no name in it: equal vectors give equal files
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as compressed:
                compressed.writelines(_pieces(words, vectors, format))
        else:
            file.writelines(_pieces(words, vectors, format))


def _check(words: Sequence[str], vectors: np.ndarray, format: VectorFormat) -> None:
    import numpy as np

    if format not in get_args(VectorFormat):
        raise ValueError(f"format: {format!r} is none of {', '.join(get_args(VectorFormat))}")
    if vectors.ndim != 2 or len(vectors) != len(words) or not vectors.shape[1]:
        raise ValueError(f"vectors: shape {vectors.shape}, expected ({len(words)}, dimension)")
    if not np.isfinite(vectors).all():
        raise ValueError("vectors: not all numbers are finite as float32")
    for word in words:
        if not word or any(character in " \t\r\n" for character in word):
            raise InputError(
                f"the word {word!r} is empty or holds a blank", "leave it out: word vectors part words by blanks"
            )
    if len(set(words)) < len(words):
        twice = next(word for number, word in enumerate(words) if word in words[:number])
        raise InputError(f"the word {twice!r} occurs twice", "give each word one vector")


def _pieces(words: Sequence[str], vectors: np.ndarray, format: VectorFormat) -> Iterator[bytes]:
    if format != "glove":
        yield f"{len(words)} {vectors.shape[1]}\n".encode()
    for word, vector in zip(words, vectors, strict=True):
        if format == "word2vec-binary":
            yield word.encode() + b" " + vector.tobytes() + b"\n"
        else:
            yield " ".join([word, *map(str, vector)]).encode() + b"\n"
