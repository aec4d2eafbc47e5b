"""Which column of a table of series is what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gatework.data.files.column_names import ROW, TIME
from gatework.data.files.tables import missing_column
from gatework.data.series.timestamps import is_date, is_integer
from gatework.errors import InputError

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})


class Roles(NamedTuple):
    """The columns of a table of series.

    Attributes:
        time: the column of times, if there is one.
        series: the column that names the series, if there is one.
        targets: what is to be forecast.
        past: what is known up to now besides.
        future: what is known ahead.
        left_out: columns that nobody asked for and that hold no numbers.
    """

    time: str | None
    series: str | None
    targets: tuple[str, ...]
    past: tuple[str, ...]
    future: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns of numbers: targets, past and future."""
        return self.targets + self.past + self.future


def find_roles(
    name: str,
    columns: Sequence[str],
    first: Mapping[str, Any],
    asked: Roles,
    *,
    guess_time: bool,
) -> Roles:
    """Complete what was asked for by what the first row shows.

    Args:
        name: what messages call the table.
        columns: those it has.
        first: the values of the first row.
        asked: the columns that were asked for; no targets: all others that hold numbers.
        guess_time: whether a column of times is looked for.

    Raises:
        InputError: a column does not exist or has two roles, or no column of numbers is left.
    """
    named = [column for column in (asked.time, asked.series, *asked.numbers) if column is not None]
    for column in named:
        if column not in columns:
            raise missing_column(name, column, columns)
        if named.count(column) > 1:
            raise InputError(f"the column {column!r} of {name} has two roles", "give it one")
    free = [column for column in columns if column not in named]
    time = _guess_time(free, first) if guess_time and asked.time is None else asked.time
    free = [column for column in free if column != time]
    if asked.targets:
        return asked._replace(time=time)
    numeric = [column for column in free if _may_be_number(first.get(column))]
    if not numeric:
        raise InputError(f"{name} has no column of numbers to forecast", "give one, with a decimal point where needed")
    left_out = tuple(column for column in free if column not in numeric)
    return asked._replace(time=time, targets=tuple(numeric), left_out=left_out)


def read_number(value: Any) -> float | None:
    """Read a cell: NaN where it is blank or says that it is missing, None where it is no finite number."""
    if value is None:
        return math.nan
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in MISSING:
            return math.nan
        try:
            value = float(text)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isinf(number) else number


def _guess_time(columns: Sequence[str], first: Mapping[str, Any]) -> str | None:
    for column in columns:
        if is_date(str(first.get(column))):
            return column
    for column in columns:
        counts = TIME.is_usual(column) or (column == columns[0] and ROW.is_usual(column))
        if counts and is_integer(str(first.get(column))):
            return column
    return None


def _may_be_number(value: Any) -> bool:
    return read_number(value) is not None
