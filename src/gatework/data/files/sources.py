"""From what a user names to documents of text, read a piece at a time."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from gatework.errors import InputError
from gatework.settings.data import STANDARD_INPUT
from gatework.storage import replacing

TEXT_SUFFIXES = frozenset({".txt", ".text", ".md"})


class Document(Protocol):
    """A text that is read once, from its beginning.

    Attributes:
        name: what messages call it.
        size: its bytes, where known before it is read.
        encoding: how it is encoded, where that does not depend on the user.
        identity: a text that changes when its contents do; known at the latest once it was read.
    """

    name: str
    size: int | None
    encoding: str | None
    identity: str | None

    def chunks(self, size: int) -> Iterator[bytes]:
        """Read it in pieces of at most ``size`` bytes."""
        ...


class Sources(NamedTuple):
    """The documents of a corpus in order, and a short name for all of them."""

    name: str
    documents: list[Document]


class FileDocument:
    """A file, or whatever else can be opened and read, such as a named pipe."""

    encoding: str | None = None

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.path = path
        try:
            status = path.stat()
        except OSError as error:
            raise unreadable(path, error) from error
        self.size: int | None = None
        self.identity: str | None = None
        if stat.S_ISREG(status.st_mode):
            self.size = status.st_size
            self.identity = f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"

    def chunks(self, size: int) -> Iterator[bytes]:
        """Read the file in pieces."""
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(size):
                    if self.identity is None:
                        digest.update(chunk)
                    yield chunk
        except OSError as error:
            raise unreadable(self.path, error) from error
        self.identity = self.identity or f"sha256 {digest.hexdigest()}"


class StandardInput:
    """A stream that can be read only once; what it gave is kept in a file if one is named."""

    name = "standard input"
    size: int | None = None
    encoding: str | None = None

    def __init__(self, stream: BinaryIO, keep: Path | None) -> None:
        self._stream = stream
        self._keep = keep
        self.identity: str | None = None

    def chunks(self, size: int) -> Iterator[bytes]:
        """Read the stream in pieces."""
        digest = hashlib.sha256()
        for chunk in self._kept(size):
            digest.update(chunk)
            yield chunk
        self.identity = f"sha256 {digest.hexdigest()}"

    def _kept(self, size: int) -> Iterator[bytes]:
        if self._keep is None:
            yield from self._read(size)
            return
        with replacing(self._keep) as beside, beside.open("wb") as file:
            for chunk in self._read(size):
                file.write(chunk)
                yield chunk

    def _read(self, size: int) -> Iterator[bytes]:
        while chunk := self._stream.read(size):
            yield chunk


class Topic:
    """One chapter of the Python language reference."""

    encoding: str | None = "utf-8"

    def __init__(self, title: str, text: str) -> None:
        self.name = f"the topic {title}"
        self.identity: str | None = f"{title} {sys.version}"
        self._bytes = text.encode()
        self.size: int | None = len(self._bytes)

    def chunks(self, size: int) -> Iterator[bytes]:
        """Give the chapter in pieces."""
        for start in range(0, len(self._bytes), size):
            yield self._bytes[start : start + size]


def find_sources(sources: Sequence[str], *, stdin: BinaryIO | None = None, keep: Path | None = None) -> Sources:
    """Find the documents of a corpus.

    Args:
        sources: files, folders, ``-`` for standard input; none: the Python language reference.
        stdin: what ``-`` reads; the program's standard input if not given.
        keep: the file in which what standard input gave is kept.

    Raises:
        InputError: there is no such file, it cannot be read, is empty, or a folder holds none.
    """
    if not sources:
        return Sources("the Python language reference", python_reference())
    if sources.count(STANDARD_INPUT) > 1:
        raise InputError("standard input (-) is named twice", "name it once")
    documents: list[Document] = []
    for source in sources:
        if source == STANDARD_INPUT:
            documents.append(StandardInput(stdin or own_input(), keep))
        else:
            documents.extend(_files(Path(source)))
    return Sources(_name(sources, documents), documents)


def own_input() -> BinaryIO:
    """Return the program's standard input, as bytes.

    Raises:
        InputError: it is closed.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed", "give the text as `... | gatework train -`, or name a file")
    return sys.stdin.buffer


def python_reference() -> list[Document]:
    """Return the chapters of the Python language reference that comes with CPython, by title.

    Raises:
        InputError: this Python comes without it.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise InputError(
            "this Python comes without its language reference (pydoc_data.topics)", "name a text file instead"
        ) from error
    return [Topic(title, topics[title]) for title in sorted(topics)]


def _files(path: Path) -> Sequence[Document]:
    if not path.is_dir():
        document = FileDocument(path)
        if document.size == 0:
            raise InputError(f"{path} is empty", "give a file that holds text")
        return [document]
    paths = list(_below(path))
    texts = [file for file in paths if file.suffix.lower() in TEXT_SUFFIXES] or paths
    documents = [FileDocument(file) for file in texts]
    filled = [document for document in documents if document.size]
    if not filled:
        found = "only empty files" if documents else "no files"
        raise InputError(f"the folder {path} holds {found}", "give a folder of text files")
    return filled


def _below(folder: Path) -> Iterator[Path]:
    """Walk a folder in sorted order, past hidden files and folders, links to folders, and gatework's own runs."""

    def refuse(error: OSError) -> None:
        raise unreadable(Path(error.filename or folder), error) from error

    found = []
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".") and not _is_run(Path(place, name))]
        found += [Path(place, name) for name in files if not name.startswith(".")]
    return iter(sorted(path for path in found if path.is_file()))


def _is_run(folder: Path) -> bool:
    """What a training wrote, its samples among it, is no text to train on."""
    return (folder / "config.json").is_file() and (folder / "checkpoints").is_dir()


def _name(sources: Sequence[str], documents: Sequence[Document]) -> str:
    if len(sources) > 1:
        return f"{len(documents)} files"
    if sources[0] == STANDARD_INPUT:
        return documents[0].name
    path = Path(sources[0])
    name = path.name or path.resolve().name
    return f"{name} ({len(documents)} files)" if path.is_dir() else name


def unreadable(path: Path, error: OSError) -> InputError:
    """Say that the operating system does not give a file, and why."""
    remedy = "name the files in it" if path.is_dir() else "check the path and its permissions"
    return InputError(f"cannot read {path} ({error.strerror or error})", remedy)
