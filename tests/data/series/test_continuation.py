"""Times go on as they stepped; written as one would write them."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.data.series.continuation import continued, written
from gatework.data.series.timestamps import find_stepping, parse_times


@pytest.mark.parametrize(
    ("texts", "following"),
    [
        (["1960-10", "1960-11", "1960-12"], ["1961-01", "1961-02", "1961-03"]),
        (["2023-Q3", "2023-Q4"], ["2024-01", "2024-04", "2024-07"]),
        (["2022-02-28", "2023-02-28"], ["2024-02-29", "2025-02-28", "2026-02-28"]),
        (["2023-11-30", "2023-12-31", "2024-01-31"], ["2024-02-29", "2024-03-31", "2024-04-30"]),
        (["2024-01-15", "2024-02-15"], ["2024-03-15", "2024-04-15", "2024-05-15"]),
        (["2023-01-10", "2023-03-10", "2023-05-10"], ["2023-07-10", "2023-09-10", "2023-11-10"]),
        (["2024-02-27", "2024-02-28"], ["2024-02-29", "2024-03-01", "2024-03-02"]),
        (["2024-05-29", "2024-05-30", "2024-05-31", "2024-06-03"], ["2024-06-04", "2024-06-05", "2024-06-06"]),
        (
            ["2024-05-31T21:00", "2024-05-31T22:00"],
            ["2024-05-31T23:00:00", "2024-06-01T00:00:00", "2024-06-01T01:00:00"],
        ),
        (["7", "10", "13"], [16, 19, 22]),
        (["7"], [8, 9, 10]),
        (["2024-05-31"], ["2024-06-01", "2024-06-02", "2024-06-03"]),
    ],
)
def test_three_steps_on(texts: list[str], following: list[str | int]) -> None:
    times = parse_times(texts, str)
    more = continued(times, find_stepping(times), 3)
    assert more.dtype == times.dtype
    assert written(np.concatenate([times, more]))[-3:] == following


def test_a_weekend_does_not_follow_a_friday() -> None:
    week = parse_times([f"2024-05-{day:02}" for day in (27, 28, 29, 30, 31)], str)
    friday = np.concatenate([week[:0], week - np.timedelta64(7, "D"), week])
    assert written(continued(friday, find_stepping(friday), 2)) == ["2024-06-03", "2024-06-04"]


def test_fractions_of_a_second_stay() -> None:
    times = np.array(["2024-05-31T12:00:00.250000", "2024-05-31T12:00:00.500000"], "datetime64[us]")
    assert written(times) == ["2024-05-31T12:00:00.250000", "2024-05-31T12:00:00.500000"]
    assert written(continued(times, find_stepping(times), 1)) == ["2024-05-31T12:00:00.750000"][:1]
