"""Time series for forecasting, from tables: a column a series, or a column that names the series."""

from __future__ import annotations

import array
import itertools
import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, TypeAlias

from gatework.data.files.lines import Source
from gatework.data.files.tables import Row, Table, TableFormat, read_table
from gatework.data.series.missing import fill_missing
from gatework.data.series.series_columns import Roles, find_roles, read_number
from gatework.data.series.timestamps import Stepping, check_rising, find_stepping, parse_times
from gatework.errors import InputError

if TYPE_CHECKING:
    import numpy as np

Missing: TypeAlias = Literal["refuse", "interpolate"]


@dataclass(frozen=True, eq=False)
class Series:
    """One series; ahead of its end, what is known of the future may go on.

    Attributes:
        name: its column, or what the column that names series holds.
        targets: (time, targets) float64, what is to be forecast.
        past: (time, past) float64, known up to now.
        future: (time + ahead, future) float64, known ahead.
        times: (time + ahead,) int64 or datetime64, rising; None if the table has none.
        stepping: how the times step; None if there are none, or only one.
    """

    name: str
    targets: np.ndarray
    past: np.ndarray
    future: np.ndarray
    times: np.ndarray | None
    stepping: Stepping | None


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """The series of a table.

    Attributes:
        name: what messages call it.
        series: in the order in which they appear.
        targets: names of the columns of ``Series.targets``; of one column each where columns are series of their own.
        past: names of the columns of ``Series.past``.
        future: names of the columns of ``Series.future``.
        season: a guess after how many steps patterns return; None where steps differ or suggest none.
        notes: what is worth saying: gaps, values filled in, columns left out; a line each.
    """

    name: str
    series: list[Series]
    targets: tuple[str, ...]
    past: tuple[str, ...]
    future: tuple[str, ...]
    season: int | None
    notes: list[str]


def read_series(
    source: Source,
    *,
    time: str | Literal[False] | None = None,
    targets: Sequence[str] = (),
    series: str | None = None,
    past: Sequence[str] = (),
    future: Sequence[str] = (),
    together: bool = False,
    missing: Missing = "refuse",
    columns: Sequence[str] | None = None,
    header: bool | None = None,
    format: TableFormat | None = None,
    encoding: str = "utf-8",
) -> SeriesTable:
    """Read series.

    Rows must be in the order of time, one a time for each series.

    Args:
        source: a path, ``-`` for standard input, or a stream of bytes; gzip is recognised.
        time: the column of times: dates, dates with times of day, ``2024-05``, ``2024-Q2``, whole numbers. By
            default the first that holds dates, or whole numbers under a name such as ``year``; False: none.
        targets: the columns to forecast; by default all of numbers that are nothing else.
        series: the column that names the series a row belongs to (long form); by default rows belong to one.
        past: columns known up to now only.
        future: columns known ahead. Last rows that hold nothing but these (and a time) are the future.
        together: whether the targets of a row are one series of several values; else each is a series.
        missing: ``refuse`` cells that are blank, or ``interpolate`` them linearly over time, and with the nearest
            value at the ends.
        columns: names for the columns of a table without a header.
        header: whether the first row names the columns; by default it does unless it is all numbers, and columns
            without names are called ``1``, ``2`` and so on.
        format: as for ``read_table``.
        encoding: of the text.

    Raises:
        InputError: naming the line: a cell is no number, or is blank; a time cannot be read, repeats or goes back. Or
            a column does not exist, or none is left to forecast.
        ValueError: ``missing`` is something else.
    """
    if missing not in ("refuse", "interpolate"):
        raise ValueError(f"missing: {missing!r} is neither 'refuse' nor 'interpolate'")
    table = read_table(source, format=format, encoding=encoding, columns=columns, header=header)
    rows = iter(table)
    first = next(rows, None)
    if first is None:
        raise InputError(f"{table.name} has a header but no rows", "give a table of at least one row")
    asked = Roles(time or None, series, tuple(targets), tuple(past), tuple(future), ())
    roles = find_roles(table.name, table.columns, first.values, asked, guess_time=time is None)
    notes = [f"left out, as they hold no numbers: {', '.join(roles.left_out)}"] if roles.left_out else []
    found: list[Series] = []
    for key, rows_of_it in _collect(itertools.chain([first], rows), roles, table).items():
        found += _finish(key, rows_of_it, _Reading(table, roles, together, missing, notes))
    return SeriesTable(table.name, found, roles.targets, roles.past, roles.future, _common_season(found, notes), notes)


@dataclass(frozen=True)
class _Reading:
    table: Table
    roles: Roles
    together: bool
    missing: Missing
    notes: list[str]


@dataclass
class _Rows:
    """The rows of one series, as they were read."""

    lines: array.array[int] = field(default_factory=lambda: array.array("q"))
    times: list[str] = field(default_factory=list)
    numbers: array.array[float] = field(default_factory=lambda: array.array("d"))


def _collect(rows: Iterable[Row], roles: Roles, table: Table) -> dict[str, _Rows]:
    found: dict[str, _Rows] = {}
    for line, values in rows:
        where = f"{table.name} line {line}"
        key = "" if roles.series is None else str(values.get(roles.series) or "").strip()
        if roles.series is not None and not key:
            raise InputError(f"{where} does not say in {roles.series!r} to which series it belongs", "fill it in")
        kept = found.setdefault(key, _Rows())
        kept.lines.append(line)
        if roles.time is not None:
            kept.times.append(str(values.get(roles.time, "")))
        for column in roles.numbers:
            number = read_number(values.get(column))
            if number is None:
                raise InputError(
                    f"{where}: {reprlib.repr(values[column])} under {column!r} is no number",
                    "correct it (decimals take a point), or leave the column out by naming the targets",
                )
            kept.numbers.append(number)
    return found


def _finish(key: str, rows: _Rows, reading: _Reading) -> list[Series]:
    """Check one series, or several that share their rows, and fill in what is missing."""
    import numpy as np

    roles, table = reading.roles, reading.table
    numbers = np.array(rows.numbers).reshape(len(rows.lines), len(roles.numbers))
    times = _times(rows, reading)
    known_ahead = len(roles.targets) + len(roles.past)
    length = _length(numbers[:, :known_ahead]) if roles.future else len(numbers)
    name = f"{table.name}, series {key}" if key else table.name
    for position, column in enumerate(roles.numbers):
        end = length if position < known_ahead else len(numbers)
        note = fill_missing(
            numbers[:end, position],
            None if times is None else times[:end],
            rows.lines,
            f"{name}: column {column!r}",
            refuse=reading.missing == "refuse",
        )
        reading.notes.extend(note)
    stepping = None if times is None else find_stepping(times)
    if stepping is not None and stepping.gaps:
        reading.notes.append(_gap_note(name, stepping, rows))
    past, future = numbers[:length, len(roles.targets) : known_ahead], numbers[:, known_ahead:]
    whole = numbers[:length, : len(roles.targets)]
    if reading.together:
        return [Series(key or PurePath(table.name).name, whole, past, future, times, stepping)]
    return [
        Series(_name(key, column, roles), whole[:, position : position + 1], past, future, times, stepping)
        for position, column in enumerate(roles.targets)
    ]


def _times(rows: _Rows, reading: _Reading) -> np.ndarray | None:
    if not rows.times:
        return None

    def where(place: int) -> str:
        return f"{reading.table.name} line {rows.lines[place]}"

    times = parse_times(rows.times, where)
    apart = "" if reading.roles.series else ", or name the column that tells series apart"
    check_rising(times, rows.times, where, f"sort the rows by time and keep one a time{apart}")
    return times


def _length(known: np.ndarray) -> int:
    """Rows up to the last one that holds more than what is known ahead."""
    import numpy as np

    filled = np.flatnonzero(~np.isnan(known).all(axis=1))
    return int(filled[-1]) + 1 if len(filled) else len(known)


def _gap_note(name: str, stepping: Stepping, rows: _Rows) -> str:
    place = stepping.gaps[0]
    times = f"{rows.times[place].strip()} to {rows.times[place + 1].strip()}"
    count = len(stepping.gaps)
    steps = "1 step is" if count == 1 else f"{count:,} steps are"
    where = f"line {rows.lines[place + 1]} ({times})"
    return f"{name}: times go on {stepping.name}, but {steps} different, the first at {where}"


def _name(key: str, column: str, roles: Roles) -> str:
    if not key:
        return column
    return key if len(roles.targets) == 1 else f"{key} {column}"


def _common_season(series: Sequence[Series], notes: list[str]) -> int | None:
    steppings = {(one.stepping.name, one.stepping.season) for one in series if one.stepping is not None}
    if len(steppings) > 1:
        notes.append(f"the series step differently: {', '.join(sorted(name for name, _ in steppings))}")
        return None
    return next((season for _, season in steppings), None)
