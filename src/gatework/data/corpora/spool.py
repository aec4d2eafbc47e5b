"""Numbers that wait to be read again: in memory while they are few, in an unnamed file once they are many."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from gatework.errors import StorageError
from gatework.storage import storage_errors

READ = 1 << 20  # bytes read back at a time


class Spool:
    """A growing sequence of whole numbers, each part in the smallest type that holds all numbers so far.

    Args:
        folder: where the file is made when one is needed.
        limit: how many bytes may stay in memory.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._file: IO[bytes] | None = None
        self._parts: list[np.ndarray] = []
        self._runs: list[tuple[np.dtype, int]] = []  # types only widen, so there are at most four runs
        self._bytes = 0
        self._largest = 0
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def on_disk(self) -> bool:
        """Whether the numbers were too many for memory."""
        return self._file is not None

    def append(self, numbers: np.ndarray) -> None:
        """Add numbers, none below zero.

        Raises:
            StorageError: they are too many for memory, and the folder has no room or cannot be written.
        """
        if not len(numbers):
            return
        self._largest = max(self._largest, int(numbers.max()))
        part = numbers.astype(smallest_type(self._largest))
        if self._runs and self._runs[-1][0] == part.dtype:
            self._runs[-1] = (part.dtype, self._runs[-1][1] + len(part))
        else:
            self._runs.append((part.dtype, len(part)))
        self._parts.append(part)
        self._bytes += part.nbytes
        self._length += len(part)
        if self.on_disk or self._bytes > self._limit:
            self._write()

    def read(self, limit: int | None = None) -> Iterator[np.ndarray]:
        """Give the first ``limit`` numbers, or all, in pieces."""
        left = len(self) if limit is None else min(limit, len(self))
        for piece in self._stored() if self.on_disk else iter(self._parts):
            if left <= 0:
                return
            yield piece[:left]
            left -= len(piece)

    def close(self) -> None:
        """Let go of the numbers."""
        self._parts.clear()
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk refuses what is still to be written
                self._file.close()

    def _write(self) -> None:
        with disk_errors(self._folder):
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 (close() closes it)
            for part in self._parts:
                self._file.write(part.data)
        self._parts.clear()

    def _stored(self) -> Iterator[np.ndarray]:
        assert self._file is not None
        with disk_errors(self._folder):
            self._file.flush()
        self._file.seek(0)
        for dtype, left in self._runs:
            while left:
                count = min(left, READ // dtype.itemsize)
                yield np.frombuffer(self._file.read(count * dtype.itemsize), dtype)
                left -= count


def smallest_type(largest: int) -> np.dtype:
    """Return the smallest unsigned type, little-endian, that holds a number."""
    return np.min_scalar_type(largest).newbyteorder("<")


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Say what to do when a corpus too large for memory finds no room in its folder."""
    try:
        with storage_errors(folder):
            yield
    except StorageError as error:
        raise StorageError(
            f"this corpus is too large for memory, and the cache takes no more: {error.cause}",
            "free some space, or set XDG_CACHE_HOME to a folder with room",
        ) from error
