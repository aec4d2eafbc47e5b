"""Encoded corpora on the disk: encoded once, then mapped into memory instead of read.

An entry is a folder ``<key>/`` of ``tokens.npy``, ``starts.npy`` and ``corpus.json``. The last is written
last and says how large the others must be, so an entry that is half-written or cut short is as good as none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.corpora.spool import disk_errors
from gatework.data.text.vocabulary import Vocabulary
from gatework.errors import GateworkError
from gatework.settings import CorpusConfig
from gatework.storage import cache_folder, read_json, replacing, write_json

FORMAT = 1  # raised when the same text would be encoded differently


@dataclass(frozen=True, eq=False)
class Encoded:
    """A corpus in its vocabulary's ids.

    Attributes:
        vocabulary: what the ids mean.
        tokens: (n,) unsigned integers.
        starts: (documents,) int64, the positions before which the state is reset.
        separator: the ids that end a document.
        fingerprint: SHA-256 of vocabulary, tokens and starts.
    """

    vocabulary: Vocabulary
    tokens: np.ndarray
    starts: np.ndarray
    separator: tuple[int, ...]
    fingerprint: str


def corpora_folder() -> Path:
    """Return the folder in which encoded corpora are kept."""
    return cache_folder() / "corpora"


def cache_key(config: CorpusConfig, identities: Iterable[str | None], vocabulary: Vocabulary | None) -> str | None:
    """Return the name of the entry for these documents, or None if it cannot be known yet."""
    known = list(identities)
    if None in known:
        return None
    said = config.model_dump(exclude={"sources"})
    given = None if vocabulary is None else vocabulary.to_json()
    return hashlib.sha256(json.dumps([FORMAT, said, known, given], sort_keys=True).encode()).hexdigest()[:32]


def read_entry(folder: Path) -> Encoded | None:
    """Return what an entry holds, mapped into memory, or None if there is no whole entry."""
    try:
        about = read_json(folder / "corpus.json")
        return Encoded(
            vocabulary=Vocabulary.from_json(about["vocabulary"]),
            tokens=_mapped(folder / "tokens.npy", about["tokens"]),
            starts=_mapped(folder / "starts.npy", about["starts"]),
            separator=tuple(int(number) for number in about["separator"]),
            fingerprint=str(about["fingerprint"]),
        )
    except (GateworkError, OSError, EOFError, KeyError, TypeError, ValueError):
        return None


def write_entry(
    folder: Path,
    vocabulary: Vocabulary,
    tokens: Iterable[np.ndarray],
    starts: Iterable[np.ndarray],
    separator: tuple[int, ...],
) -> Encoded:
    """Write an entry from pieces and return it, mapped into memory.

    Raises:
        StorageError: the disk is full or the folder read-only.
    """
    digest = fingerprinter(vocabulary)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "corpus.json").unlink(missing_ok=True)
    about = {
        "vocabulary": vocabulary.to_json(),
        "separator": list(separator),
        "tokens": _write(folder / "tokens.npy", hashed(tokens, digest)),
        "starts": _write(folder / "starts.npy", hashed(starts, digest)),
        "fingerprint": digest.hexdigest(),
    }
    with disk_errors(folder):
        write_json(folder / "corpus.json", about)
    entry = read_entry(folder)
    assert entry is not None
    return entry


def fingerprinter(vocabulary: Vocabulary) -> Any:
    """Return a running SHA-256 that has seen the vocabulary and waits for tokens, then starts."""
    return hashlib.sha256(json.dumps(vocabulary.to_json()).encode() + b"\0")


def hashed(pieces: Iterable[np.ndarray], digest: Any) -> Iterator[np.ndarray]:
    """Pass pieces on, hashing each."""
    for piece in pieces:
        digest.update(np.ascontiguousarray(piece).data)
        yield piece
    digest.update(b"\0")


def _write(path: Path, pieces: Iterator[np.ndarray]) -> dict[str, Any]:
    """Write pieces of one type as a .npy file; its header has room for any length, and is filled in last."""
    with disk_errors(path), replacing(path) as beside, beside.open("wb") as file:
        length = 0
        dtype: np.dtype | None = None
        for piece in pieces:
            if dtype is None:
                dtype = piece.dtype
                file.write(_header(dtype, 0))
            file.write(piece.data)
            length += len(piece)
        assert dtype is not None
        file.seek(0)
        file.write(_header(dtype, length))
    return {"dtype": dtype.str, "length": length, "bytes": path.stat().st_size}


def _header(dtype: np.dtype, length: int) -> bytes:
    text = f"{{'descr': {dtype.str!r}, 'fortran_order': False, 'shape': ({length},), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def _mapped(path: Path, about: Any) -> np.ndarray:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if (array.dtype.str, array.shape, path.stat().st_size) != (about["dtype"], (about["length"],), about["bytes"]):
        raise ValueError(f"{path} is not what was written")
    return array
