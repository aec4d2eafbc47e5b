"""Calendar features against datetime's own fields."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from gatework.data.series.calendar import calendar_features, useful_cycles


def hours(count: int, step: int) -> np.ndarray:
    first = datetime(1969, 11, 30, 22)
    return np.array([first + timedelta(hours=step * number) for number in range(count)], "datetime64[us]")


def test_features_are_points_on_circles() -> None:
    times = hours(211, 7)
    found = calendar_features(times, ("month", "weekday", "hour"))
    moments = times.tolist()
    phases = [(one.month - 1) / 12 for one in moments], [one.weekday() / 7 for one in moments]
    for column, phase in enumerate((*phases, [one.hour / 24 for one in moments])):
        np.testing.assert_allclose(found[:, 2 * column], np.sin(2 * np.pi * np.array(phase)), atol=1e-6)
        np.testing.assert_allclose(found[:, 2 * column + 1], np.cos(2 * np.pi * np.array(phase)), atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("step", "cycles"),
    [(1, ("month", "weekday", "hour")), (24, ("month", "weekday")), (24 * 7, ("month",)), (24 * 365, ())],
)
def test_steps_choose_the_cycles(step: int, cycles: tuple[str, ...]) -> None:
    assert useful_cycles([hours(53, step)]) == cycles


def test_all_series_need_dates() -> None:
    assert useful_cycles([hours(5, 1), None]) == ()
    assert useful_cycles([np.arange(5)]) == ()
    assert useful_cycles([hours(5, 1), hours(5, 24)]) == ("month", "weekday")
