"""Times: each way of writing them, their order, and the steps between them, against calendars made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from gatework.data.series.timestamps import check_rising, find_stepping, is_date, parse_times
from gatework.errors import InputError


def where(place: int) -> str:
    return f"a.csv line {place + 2}"


def times(first: str, count: int, **step: int) -> np.ndarray:
    return np.array([datetime.fromisoformat(first) + n * timedelta(**step) for n in range(count)], "datetime64[us]")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1949-01", "1949/12 "], ["1949-01-01", "1949-12-01"]),
        (["2024-Q2", "2024q4"], ["2024-04-01", "2024-10-01"]),
        (["2024-02-29", "2024-03-01T18:30"], ["2024-02-29", "2024-03-01T18:30"]),
        (["2024-02-29 01:00+02:00", "2024-02-29 01:00Z"], ["2024-02-28T23:00", "2024-02-29T01:00"]),
        (["20240229", "20240301"], ["2024-02-29", "2024-03-01"]),
    ],
)
def test_dates(texts, expected) -> None:
    assert parse_times(texts, where).tolist() == np.array(expected, "datetime64[us]").tolist()


def test_whole_numbers() -> None:
    assert parse_times(["-1", "7", "20240229", "99999999"], where).tolist() == [-1, 7, 20240229, 99999999]
    assert parse_times(["99999999", "100000000"], where).dtype == np.int64  # eight digits, but no date
    assert [is_date(text) for text in ("1949-01", "1949", "20240229", "12.5", "x", "")] == [True] + [False] * 5


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["1949-01", "soon"], r"a.csv line 3: 'soon' is no time: write it as"),
        (["1949-13"], r"a.csv line 2: '1949-13' is no time"),
        (["1.5"], r"a.csv line 2: '1.5' is no time"),
        (["1", "2", "1949-01"], r"a.csv line 4: the time '1949-01' is no whole number as 1 is"),
        (["2024-01-01T00Z", "2024-01-02"], r"a.csv line 3: times with and without a zone"),
    ],
)
def test_what_is_no_time(texts, message) -> None:
    with pytest.raises(InputError, match=message):
        parse_times(texts, where)


def test_times_must_rise() -> None:
    def check(*texts: str) -> None:
        check_rising(parse_times(texts, where), texts, where, "sort them")

    check("1", "2", "5")
    with pytest.raises(
        InputError, match=r"^a.csv line 4: the time '2' repeats that of the line before, '2' \(3\): sort"
    ):
        check("1", "2", "2", "3")
    with pytest.raises(
        InputError, match=r"line 3: the time '2024-01' goes back behind .*'2024-02' \(2\); so do 1 more"
    ):
        check("2024-02", "2024-01", "2024-03", "2023-12")


@pytest.mark.parametrize(
    ("found", "name", "season"),
    [
        (np.arange("1949-01", "1952-02", dtype="datetime64[M]"), "monthly", 12),
        (np.arange("1949-02", "1952-02", dtype="datetime64[M]") - np.timedelta64(1, "D"), "monthly", 12),
        (np.arange("1949-01", "1959-01", 3, dtype="datetime64[M]"), "quarterly", 4),
        (np.arange("1949-01", "1959-01", 2, dtype="datetime64[M]"), "every 2 months", 6),
        (np.arange("2024-05-31T01", "2024-05-31T13", dtype="datetime64[h]"), "hourly", 24),  # all on a last day
        (np.arange("1949", "1960", dtype="datetime64[Y]"), "yearly", None),
        (times("2024-02-11", 40, weeks=1), "weekly", 52),
        (times("2024-02-11", 40, days=1), "daily", 7),
        (times("2024-02-11", 40, days=3), "every 3 days", None),
        (times("2024-02-11", 40, hours=1), "hourly", 24),
        (times("2024-02-11", 40, hours=6), "every 6 hours", 4),
        (times("2024-02-11", 40, minutes=15), "every 15 minutes", 96),
        (times("2024-02-11", 40, minutes=7), "every 7 minutes", None),
        (times("2024-02-11", 40, seconds=1), "each second", 3600),
        (times("2024-02-11", 40, seconds=10), "every 10 seconds", 360),
        (times("2024-02-11", 40, milliseconds=500), "every 0.5 seconds", 7200),
        (np.arange(1, 12), "by 1", None),
        (np.arange(0, 12_000, 1000), "by 1,000", None),
    ],
)
def test_regular_steps(found, name, season) -> None:
    found = found if found.dtype.kind == "i" else found.astype("datetime64[us]")
    assert find_stepping(found) == (name, season, ())
    without = np.delete(found, [2, 5, 6])
    assert find_stepping(without) == (name, season, (1, 3))


def test_working_days() -> None:
    days = times("2024-02-11", 40, days=1)
    working = np.array([day for day in days if day.astype(datetime).weekday() < 5])
    assert find_stepping(working) == ("each working day", 5, ())
    assert find_stepping(working[:5]) == ("daily", 7, ())  # one week tells nothing of weekends
    assert find_stepping(np.delete(working, 7)) == ("each working day", 5, (6,))


def test_the_most_frequent_step_is_the_usual_one() -> None:
    assert find_stepping(np.array([0, 10, 20, 21, 31, 50])) == ("by 10", None, (2, 4))


def test_too_few_times_do_not_step() -> None:
    assert find_stepping(np.arange(1)) is None
    assert find_stepping(np.array(["2024-01-31", "2024-02-29"], "datetime64[us]")) == ("monthly", 12, ())
