"""Pairs of texts that say the same: two files line by line, or two columns of one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from gatework.data.files.lines import Source, is_rereadable, numbered_lines, source_name
from gatework.data.files.tables import TableFormat, read_table, select
from gatework.errors import InputError


class Pair(NamedTuple):
    """A sentence and its counterpart.

    Attributes:
        source: text that is read.
        target: text that is to be written.
        line: the line it stands in, from 1.
    """

    source: str
    target: str
    line: int


Begin: TypeAlias = Callable[[], Iterator[tuple[int, Any, Any]]]


class ParallelText:
    """Pairs, read as they are asked for: iterate over it, from files as often as needed.

    Pairs of which one side is empty are dropped.

    Attributes:
        name: what messages call it.
        dropped: how many pairs the last reading dropped so far.
    """

    def __init__(self, name: str, begin: Begin, *, once: bool) -> None:
        self.name = name
        self.dropped = 0
        self._begin = begin
        self._once = once
        self._used = False

    def __iter__(self) -> Iterator[Pair]:
        if self._used and self._once:
            raise InputError(f"{self.name} can be read only once", "save it in a file and name that")
        self._used = True
        self.dropped = 0
        return self._pairs()

    def _pairs(self) -> Iterator[Pair]:
        for line, source, target in self._begin():
            for text in (source, target):
                if not isinstance(text, str):
                    raise InputError(f"{self.name} line {line} holds {text!r}, which is no text", "give text")
            pair = Pair(source.strip(), target.strip(), line)
            if pair.source and pair.target:
                yield pair
            else:
                self.dropped += 1


def read_parallel_files(source: Source, target: Source, *, encoding: str = "utf-8") -> ParallelText:
    """Open two files of which each line of one says the same as that line of the other.

    Args:
        source: what is read: a path, ``-`` for standard input, or a stream of bytes; gzip is recognised.
        target: what is to be written, likewise.
        encoding: of both.

    Raises:
        InputError: both are standard input; while reading, a file cannot be read or has more lines than the other.
    """
    if isinstance(source, str) and source == target == "-":
        raise InputError("standard input (-) is given for both languages", "name a file for one of them")
    once = not (is_rereadable(source) and is_rereadable(target))
    name = f"{source_name(source)} with {source_name(target)}"
    return ParallelText(name, lambda: _side_by_side(source, target, encoding), once=once)


def read_parallel_table(
    source: Source,
    *,
    columns: tuple[str, str] | None = None,
    format: TableFormat | None = None,
    encoding: str = "utf-8",
) -> ParallelText:
    """Open one file that holds both sides.

    Args:
        source: a path, ``-`` for standard input, or a stream of bytes; gzip is recognised.
        columns: names of the columns that hold source and target; None: the file has no header and holds lines
            ``source<TAB>target``, with more columns after them or not, in which quotes are characters.
        format: of a table with named columns, as for ``read_table``.
        encoding: of the text.

    Raises:
        InputError: at once, there is no such column; while reading, a row has too few columns.
    """
    once = not is_rereadable(source)
    if columns is None:
        return ParallelText(source_name(source), lambda: _tab_parted(source, encoding), once=once)
    table = read_table(source, format=format, encoding=encoding)
    first = select(table, columns)  # asked for here, so that a missing column is known before any reading
    passes = itertools.chain([first], (select(table, columns) for _ in itertools.repeat(None)))
    return ParallelText(table.name, lambda: ((line, *pair) for line, pair in next(passes)), once=once)


def _side_by_side(source: Source, target: Source, encoding: str) -> Iterator[tuple[int, str, str]]:
    left, right = numbered_lines(source, encoding), numbered_lines(target, encoding)
    for pair in itertools.zip_longest(left, right):
        if None in pair:
            raise _unequal(pair, left, right, (source_name(source), source_name(target)))
        (line, one), (_, other) = pair
        yield line, one, other


def _unequal(
    last: tuple[tuple[int, str] | None, ...],
    left: Iterator[tuple[int, str]],
    right: Iterator[tuple[int, str]],
    names: tuple[str, str],
) -> InputError:
    """Count what is left of the longer file; the shorter one ended a line before."""
    line = next(numbered[0] for numbered in last if numbered is not None)
    total = line + sum(1 for _ in (left if last[1] is None else right))
    longer, shorter = names if last[1] is None else names[::-1]
    return InputError(
        f"{longer} has {total:,} lines but {shorter} only {line - 1:,}",
        "a line of one must say the same as that line of the other: find where they part, or give whole files",
    )


def _tab_parted(source: Source, encoding: str) -> Iterator[tuple[int, str, str]]:
    for line, text in numbered_lines(source, encoding):
        fields = text.split("\t")
        if len(fields) < 2:
            if not text.strip():
                continue
            raise InputError(
                f"{source_name(source)} line {line} has no tab",
                "write source<TAB>target, or name the two columns of a table with a header",
            )
        yield line, fields[0], fields[1]
