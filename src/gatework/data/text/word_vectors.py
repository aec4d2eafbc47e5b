"""Word vectors in the files in which they are published: GloVe's text, word2vec's text and binary.

GloVe's text is a line a word: the word, then its numbers, parted by blanks. word2vec puts a line with the count
of words and the dimension before it; its binary form has the same line, then word, blank, and float32 numbers
in little-endian order, with or without a line end after them.
"""

from __future__ import annotations

import array
import gzip
import io
import itertools
import math
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from gatework.data.files.lines import GZIP_MAGIC, opened
from gatework.errors import DamagedFileError, InputError

if TYPE_CHECKING:
    import numpy as np

VectorFormat: TypeAlias = Literal["glove", "word2vec-text", "word2vec-binary"]
LARGEST_DIMENSION = 1 << 16
LONGEST_WORD = 1 << 12  # bytes; published files stay far below
LONGEST_LINE = LONGEST_WORD + 32 * LARGEST_DIMENSION
LONGEST_SIZES = 64  # bytes of a line of sizes
MISSING_SHOWN = 10


class WordVectors(NamedTuple):
    """Words and their vectors.

    Attributes:
        words: no two alike, in the order of the file.
        vectors: (words, dimension) float32.
    """

    words: list[str]
    vectors: np.ndarray


class Coverage(NamedTuple):
    """How much of a vocabulary has vectors.

    Attributes:
        found: how many of its words have one.
        total: how many words it has.
        running: share of all occurrences that are of such words; None where occurrences were not given.
        missing: the first words without one; the most frequent, where occurrences were given.
    """

    found: int
    total: int
    running: float | None
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of the vocabulary's words that have a vector."""
        return self.found / self.total if self.total else 0.0


def read_word_vectors(
    path: str | os.PathLike[str], words: Collection[str] | None = None, limit: int | None = None
) -> WordVectors:
    """Read word vectors; which of the three formats a file has is found out from its first lines.

    Memory is taken for what is kept alone, and only as it is read: no size that a file claims is believed.
    Of words that occur twice the first counts. Bytes that are not UTF-8 become U+FFFD.

    Args:
        path: a file, compressed by gzip or not.
        words: the words to keep; None keeps all.
        limit: how many words of the file to read; published files have the most frequent first.

    Raises:
        InputError: the file cannot be read, or lines differ in dimension, hold no numbers, or are fewer or more
            than the first line says.
        DamagedFileError: a binary file is shorter or longer than its first line says.
    """
    import numpy as np

    path = Path(path)
    header = _read_header(path)
    wanted = None if words is None else frozenset(words)
    kept: dict[str, None] = {}
    values = array.array("f")
    with opened(path) as file:
        records = _binary_records(file, path, header) if header.binary else _text_records(file, path, header)
        for place, word, payload in itertools.islice(records, limit):
            if word not in kept and (wanted is None or word in wanted):
                kept[word] = None
                values.extend(payload if isinstance(payload, array.array) else _numbers(payload, path, place))
    vectors = np.frombuffer(values, np.float32).reshape(len(kept), header.dimension)
    wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(wrong):
        raise InputError(f"{path}: the vector of {list(kept)[wrong[0]]!r} is not finite", "fetch the file again")
    return WordVectors(list(kept), vectors)


def coverage(vocabulary: Iterable[str] | Mapping[str, int], words: Collection[str]) -> Coverage:
    """Say how much of a vocabulary has vectors.

    Args:
        vocabulary: words, or words with how often each occurs.
        words: those that have vectors.
    """
    have = frozenset(words)
    counts = vocabulary if isinstance(vocabulary, Mapping) else dict.fromkeys(vocabulary, 1)
    missing = [word for word in counts if word not in have]
    running = None
    if isinstance(vocabulary, Mapping):
        occurrences = sum(counts.values())
        running = 1 - sum(counts[word] for word in missing) / occurrences if occurrences else 0.0
        missing.sort(key=lambda word: -counts[word])
    return Coverage(len(counts) - len(missing), len(counts), running, tuple(missing[:MISSING_SHOWN]))


class _Header(NamedTuple):
    """What the first lines of a file say; ``words`` is None, and ``size`` 0, where there is no line of sizes."""

    binary: bool
    words: int | None
    dimension: int
    size: int


def _read_header(path: Path) -> _Header:
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is no regular file", "save it as one: its format is found out before it is read")
    with opened(path) as file:
        first = file.readline(LONGEST_LINE)
        fields = first.split()
        if len(fields) == 2 and len(first) < LONGEST_SIZES and all(field.isdigit() for field in fields):
            claimed, dimension = map(int, fields)
            word, _, numbers = file.readline(LONGEST_LINE).partition(b" ")
            header = _Header(bool(word) and not _all_numbers(numbers.split()), claimed, dimension, len(first))
        else:
            header = _Header(False, None, len(fields) - 1, 0)
            if not _all_numbers(fields[1:]):
                raise InputError(f"{path} holds no word vectors", "give a file of GloVe or word2vec")
    if not 0 < header.dimension <= LARGEST_DIMENSION:
        raise InputError(f"{path} has vectors of dimension {header.dimension}", f"give 1 to {LARGEST_DIMENSION}")
    _check_size(path, header)
    return header


def _all_numbers(fields: list[bytes]) -> bool:
    try:
        return bool(fields) and all(math.isfinite(float(field)) for field in fields)
    except ValueError:
        return False


def _check_size(path: Path, header: _Header) -> None:
    """Hold the sizes that an uncompressed binary file claims against its own; each record has a word and a blank."""
    with path.open("rb") as file:
        if not header.binary or header.words is None or file.read(2) == GZIP_MAGIC:
            return
    least = header.size + header.words * (4 * header.dimension + 2)
    if path.stat().st_size < least:
        raise DamagedFileError(
            f"{path} has {path.stat().st_size:,} bytes, but {header.words:,} vectors of dimension {header.dimension} "
            f"need {least:,}",
            "fetch the file again",
        )


Stream: TypeAlias = io.BufferedReader | gzip.GzipFile
Record: TypeAlias = tuple[int, str, "list[bytes] | array.array[float]"]


def _text_records(file: Stream, path: Path, header: _Header) -> Iterator[Record]:
    line = 0
    if header.words is not None:
        file.readline()
        line = 1
    while text := file.readline(LONGEST_LINE):
        line += 1
        # from the right: words of GloVe's largest file hold blanks
        word, *numbers = text.rstrip(b" \r\n").rsplit(b" ", header.dimension)
        if len(numbers) != header.dimension or (b" " in word and _all_numbers([word.rpartition(b" ")[2]])):
            found = len(text.split()) - 1
            raise InputError(
                f"{path} line {line} has {found} numbers, the first word {header.dimension}", "fetch the file again"
            )
        yield line, word.decode("utf-8", "replace"), numbers
    words = line - (header.words is not None)
    if header.words not in (None, words):
        raise InputError(f"{path} holds {words:,} words, its first line says {header.words:,}", "fetch the file again")


def _numbers(fields: list[bytes], path: Path, line: int) -> Iterable[float]:
    try:
        return list(map(float, fields))
    except ValueError as error:
        raise InputError(f"{path} line {line} holds something else than numbers ({error})", "correct it") from error


def _binary_records(file: Stream, path: Path, header: _Header) -> Iterator[Record]:
    file.readline()
    for record in range(1, (header.words or 0) + 1):
        word = _word(file)
        raw = file.read(4 * header.dimension)
        if word is None or len(raw) < 4 * header.dimension:
            raise DamagedFileError(
                f"{path} breaks off in vector {record:,} of {header.words:,}", "fetch the file again"
            )
        vector = array.array("f", raw)
        if sys.byteorder == "big":
            vector.byteswap()
        yield record, word, vector
    if file.read(LONGEST_WORD).strip():
        raise DamagedFileError(f"{path} goes on after its {header.words:,} vectors", "fetch the file again")


def _word(file: Stream) -> str | None:
    """Read up to a blank, past the line end that may follow the vector before; None where there is no word."""
    word = bytearray()
    while len(word) < LONGEST_WORD:
        byte = file.read(1)
        if byte == b" ":
            return word.lstrip(b"\n").decode("utf-8", "replace")
        if not byte:
            return None
        word += byte
    return None
