"""Lines of text out of files, compressed files and streams; what cannot be decoded says in which line."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from gatework.data.files.sources import own_input, unreadable
from gatework.errors import DamagedFileError, InputError
from gatework.settings.data import STANDARD_INPUT
from gatework.storage import replacing

Source: TypeAlias = str | os.PathLike[str] | BinaryIO
"""A path, ``-`` for standard input, or an open binary stream; gzip is recognised by its first bytes."""

UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
GZIP_MAGIC = b"\x1f\x8b"


def source_name(source: Source) -> str:
    """What messages call a source."""
    if not isinstance(source, str | os.PathLike):
        name = getattr(source, "name", None)
        return name if isinstance(name, str) else "the given stream"
    return "standard input" if source == STANDARD_INPUT else os.fspath(source)


def without_gz(path: str | os.PathLike[str]) -> Path:
    """A path without the ending of a compression: what ``text.csv.gz`` holds is called ``text.csv``."""
    return Path(os.fspath(path).removesuffix(".gz"))


def suffix_of(path: str | os.PathLike[str]) -> str:
    """The ending of a file's name in small letters, without that of its compression: ``.csv`` for ``text.csv.gz``."""
    return without_gz(path).suffix.lower()


def is_rereadable(source: Source) -> bool:
    """Whether a source can be read a second time; pipes and streams cannot."""
    return isinstance(source, str | os.PathLike) and source != STANDARD_INPUT and Path(source).is_file()


@contextlib.contextmanager
def opened(source: Source) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    """Open a source for reading bytes, decompressed; a stream that was given stays open.

    Raises:
        InputError: there is no such file, or it cannot be read.
        DamagedFileError: its compressed data are cut short or changed.
        TypeError: the stream gives text, not bytes.
    """
    name = source_name(source)
    try:
        with contextlib.ExitStack() as stack:
            buffered = _buffered(source, stack)
            if buffered.peek(2)[:2] == GZIP_MAGIC:
                yield stack.enter_context(gzip.GzipFile(fileobj=buffered))
            else:
                yield buffered
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DamagedFileError(f"{name} is damaged ({error})", "restore it or fetch it again") from error
    except OSError as error:
        raise unreadable(Path(name), error) from error


def _buffered(source: Source, stack: contextlib.ExitStack) -> io.BufferedReader:
    if source == STANDARD_INPUT:
        source = own_input()
    if isinstance(source, str | os.PathLike):
        return stack.enter_context(Path(source).open("rb"))
    if isinstance(cast(object, source), io.TextIOBase):
        raise TypeError(f"source: {source!r} gives text; give a stream of bytes")
    if isinstance(source, io.BufferedReader):
        return source
    buffered: io.BufferedReader[Any] = io.BufferedReader(source)
    stack.callback(buffered.detach)  # else the given stream would be closed with it
    return buffered


def raw_lines(source: Source, encoding: str = "utf-8", newline: str = "\n") -> Iterator[str]:
    r"""Read a text line by line, ends kept; a byte order mark is taken off.

    Args:
        source: path, ``-`` or stream of bytes.
        encoding: of the text.
        newline: what ends a line, as in ``open``: ``"\n"``, or ``""`` for all kinds of ends.

    Raises:
        InputError: as ``opened``, or a line is not in the encoding, or there is no such encoding.
    """
    name, count = source_name(source), 0
    with opened(source) as binary:
        text = _decoded(binary, encoding, newline)
        try:
            for line in text:
                count += 1
                yield line
        except UnicodeDecodeError as error:
            # all lines before the undecodable piece were given: what is left to count lies in that piece
            before = error.object[: error.start].decode(encoding, "replace")
            where = f"{name} line {count + 1 + before.count(chr(10))}"
            likely = "utf-16" if not count and error.object.startswith(UTF_16_MARKS) else "latin-1"
            raise InputError(f"{where} is not {encoding}", f"say its encoding, for example {likely}") from error
        finally:
            text.detach()


def _decoded(binary: io.BufferedReader | gzip.GzipFile, encoding: str, newline: str) -> io.TextIOWrapper:
    try:
        marked = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
        return io.TextIOWrapper(binary, encoding=marked, newline=newline)
    except LookupError as error:
        raise InputError(f"there is no encoding {encoding!r}", "name one such as utf-8 or latin-1") from error


def numbered_lines(source: Source, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    r"""Read the lines of a text with their numbers, from 1, without their ends.

    Lines end at ``"\n"`` or ``"\r\n"`` and nowhere else: line counts of parallel files are those of ``wc -l``.
    """
    for number, line in enumerate(raw_lines(source, encoding), start=1):
        yield number, line.removesuffix("\n").removesuffix("\r")


def kept_input(keep: Path | None) -> io.BytesIO:
    """All of standard input, written into a file too where one is named, so that it can be read again."""
    content = own_input().read()
    if keep is not None:
        with replacing(keep) as beside:
            beside.write_bytes(content)
    stream = io.BytesIO(content)
    stream.name = source_name(STANDARD_INPUT)
    return stream
