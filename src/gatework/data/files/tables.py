"""Tables with named columns: CSV, TSV and JSON Lines, read a row at a time."""

from __future__ import annotations

import csv
import functools
import itertools
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from gatework.data.files.dialects import DELIMITERS, Dialect, sniff
from gatework.data.files.lines import Source, is_rereadable, raw_lines, source_name, suffix_of
from gatework.errors import InputError, did_you_mean

TableFormat: TypeAlias = Literal["csv", "tsv", "jsonl"]
SUFFIXES: dict[str, TableFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
SAMPLE_LINES = 200
SHOWN_COLUMNS = 12


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        line: the line of the file in which it begins, from 1.
        values: column name to value: text, or what JSON holds.
    """

    line: int
    values: dict[str, Any]


Begin: TypeAlias = Callable[[], tuple[tuple[str, ...], Iterator[Row]]]


class Table:
    """Rows under named columns, read as they are asked for: iterate over it, from a file as often as needed.

    Attributes:
        name: what messages call it.
        columns: the names of its columns; of JSON Lines, the keys of the first object.

    Iterating raises InputError where a row has too few or too many fields, quotes do not close, a line is no
    JSON object or not in the encoding, or a stream is to be read a second time.
    """

    def __init__(self, source: Source, begin: Begin) -> None:
        self.name = source_name(source)
        self._rows: Iterator[Row] | None
        self.columns, self._rows = begin()
        self._begin = begin if is_rereadable(source) else None

    def __iter__(self) -> Iterator[Row]:
        rows, self._rows = self._rows, None
        if rows is not None:
            return rows
        if self._begin is None:
            raise InputError(f"{self.name} can be read only once", "save it in a file and name that")
        return self._begin()[1]


def read_table(
    source: Source,
    *,
    format: TableFormat | None = None,
    encoding: str = "utf-8",
    columns: Sequence[str] | None = None,
    header: bool | None = True,
    quotes: bool | None = None,
) -> Table:
    """Open a table.

    Args:
        source: a path, ``-`` for standard input, or a stream of bytes; gzip is recognised.
        format: ``csv``, ``tsv`` or ``jsonl``; by default the file's name says, or its first character. CSV is
            parted by commas, semicolons or tabs, whichever gives rows of equal length.
        encoding: of the text; a byte order mark is taken off.
        columns: names for the columns of a table without a header.
        header: whether the first row names the columns. False: they are called ``1``, ``2`` and so on; None:
            the first row is no header if all its fields are numbers.
        quotes: whether double quotes enclose fields that hold delimiters, quotes or line ends; by default they
            do, but in tab-separated text only if the first rows use them so.

    Raises:
        InputError: the file cannot be read or is empty, columns have no or equal names, or there are not as
            many as names were given.
    """
    if isinstance(columns, str):
        raise TypeError(f"columns: {columns!r} is one name; give a sequence of names")
    options = _Options(format or _format_by_name(source), encoding, tuple(columns) if columns else None, header, quotes)
    return Table(source, functools.partial(_begin, source, options))


def select(table: Table, names: Sequence[str]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Read some columns of a table.

    Returns:
        For each row its line and the values of the columns, in the order asked for.

    Raises:
        InputError: at once, the table has no such column; while reading, a row of JSON Lines has it not.
    """
    for name in names:
        if name not in table.columns:
            raise missing_column(table.name, name, table.columns)
    return _selected(table, tuple(names))


def column(table: Table, name: str) -> Iterator[Any]:
    """Read the values of one column; errors as ``select``."""
    return (value for _, (value,) in select(table, [name]))


def missing_column(where: str, name: str, columns: Sequence[str]) -> InputError:
    """Say that there is no column of this name, and which there are."""
    shown = [repr(known) for known in columns[:SHOWN_COLUMNS]] + ["..."] * (len(columns) > SHOWN_COLUMNS)
    return InputError(f"{where} has no column {name!r}, only {', '.join(shown)}", did_you_mean(name, columns))


class _Options(NamedTuple):
    format: TableFormat | None
    encoding: str
    columns: tuple[str, ...] | None
    header: bool | None
    quotes: bool | None


def _format_by_name(source: Source) -> TableFormat | None:
    if not isinstance(source, str | os.PathLike):
        return None
    return SUFFIXES.get(suffix_of(source))


def _begin(source: Source, options: _Options) -> tuple[tuple[str, ...], Iterator[Row]]:
    name = source_name(source)
    lines = raw_lines(source, options.encoding, newline="")
    sample = list(itertools.islice(lines, SAMPLE_LINES))
    first = next((line for line in sample if line.strip()), None)
    if first is None:
        raise InputError(f"{name} is empty", "give a table of at least one row")
    whole, everything = len(sample) < SAMPLE_LINES, itertools.chain(sample, lines)
    if options.format == "jsonl" or (options.format is None and _begins_json(first.strip())):
        if options.columns:
            raise InputError(f"{name} is JSON Lines, whose objects name their values", "leave the names of columns out")
        return _first_keys(_json_rows(everything, name))
    dialect = sniff(
        sample,
        whole=whole,
        delimiters="\t" if options.format == "tsv" else DELIMITERS,
        quotes=options.quotes,
        fields=len(options.columns) if options.columns else None,
    )
    return _named(_records(everything, dialect, name), options, name)


def _begins_json(line: str) -> bool:
    return line.startswith(("{", "[{")) or line == "["  # arrays are told that they are not JSON Lines


def _json_rows(lines: Iterable[str], name: str) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name} line {number} is not JSON ({error})", "write one JSON object a line") from error
        if not isinstance(values, dict):
            raise InputError(f"{name} line {number} is JSON but no object", 'write one a line: {"text": "..."}')
        yield Row(number, values)


def _first_keys(rows: Iterator[Row]) -> tuple[tuple[str, ...], Iterator[Row]]:
    first = next(rows)
    return tuple(first.values), itertools.chain([first], rows)


def _records(lines: Iterable[str], dialect: Dialect, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = dialect.reader(lines)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{name} cannot be read as a table from line {line} on ({error})",
                "close each quoted field and double the quotes in it, or say that quotes mean nothing (quotes=False)",
            ) from error
        if fields and not (len(fields) == 1 and fields[0].isspace()):
            yield line, fields


def _named(
    records: Iterator[tuple[int, list[str]]], options: _Options, name: str
) -> tuple[tuple[str, ...], Iterator[Row]]:
    line, first = next(records)
    if options.columns:
        columns = options.columns
    elif options.header is False or (options.header is None and all(map(_is_number, first))):
        columns = tuple(str(position) for position in range(1, len(first) + 1))
    else:
        columns = tuple(field.strip() or f"column {position}" for position, field in enumerate(first, start=1))
        return _distinct(columns, name), _rows(records, columns, name)
    return _distinct(columns, name), _rows(itertools.chain([(line, first)], records), columns, name)


def _is_number(field: str) -> bool:
    try:
        return math.isfinite(float(field))
    except ValueError:
        return False


def _distinct(columns: tuple[str, ...], name: str) -> tuple[str, ...]:
    twice = [column for column, times in Counter(columns).items() if times > 1]
    if twice:
        raise InputError(f"{name} has more than one column {twice[0]!r}", "give each column a name of its own")
    return columns


def _rows(records: Iterator[tuple[int, list[str]]], columns: tuple[str, ...], name: str) -> Iterator[Row]:
    for line, fields in records:
        if len(fields) != len(columns):
            shown = ", ".join(columns[:SHOWN_COLUMNS])
            raise InputError(
                f"{name} line {line}: {len(fields)} fields under {len(columns)} columns ({shown})",
                "complete the row, or quote the fields that hold a delimiter",
            )
        yield Row(line, dict(zip(columns, fields, strict=True)))


def _selected(table: Table, names: tuple[str, ...]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for line, values in table:
        lacking = [name for name in names if name not in values]
        if lacking:
            raise InputError(
                f"{table.name} line {line} has no {lacking[0]!r}", "give it to every object, if only as null"
            )
        yield line, tuple(values[name] for name in names)
