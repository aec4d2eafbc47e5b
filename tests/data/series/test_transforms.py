"""Transforms and scales of series."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.data.series.transforms import Statistics, lag, modelled, restore, shift_and_scale, transform
from gatework.errors import InputError
from gatework.settings.tasks.forecast import ForecastData


@pytest.mark.parametrize(
    ("kind", "lowest", "refused"), [("none", -5, None), ("log", 0.1, 0), ("log1p", -0.9, -1), ("sqrt", 0, -0.1)]
)
def test_transforms_come_back_and_know_their_range(kind: str, lowest: float, refused: float | None) -> None:
    config = ForecastData(transform=kind)
    values = np.array([lowest, 1.5, 700.0, np.nan])
    np.testing.assert_allclose(restore(transform(values, config), config), values, rtol=1e-12)
    if refused is not None:
        with pytest.raises(InputError, match=f"--transform {kind} is for values .*, not {refused:g}"):
            transform(np.array([3.0, refused]), config)


def test_what_was_never_a_square_root_is_nothing() -> None:
    assert restore(np.array([-2.0, 3.0]), ForecastData(transform="sqrt")).tolist() == [0, 9]
    assert np.isfinite(restore(np.array([1e9]), ForecastData(transform="log"))).all()


def test_the_error_is_that_of_the_seasonal_naive_forecast_in_sample() -> None:
    values = np.array([3.0, 5, 4, 9, 5, 1, 8])
    found = Statistics.of(values, ForecastData(season=3, difference="last", scaling="standard"))
    assert found.error == pytest.approx(np.mean([6, 0, 3, 1]))
    steps = np.array([2.0, -1, 5, -4, -4, 7])
    assert found[1:] == pytest.approx((steps.mean(), steps.std(), values.mean(), values.std()))
    absolute = Statistics.of(values, ForecastData(season=3, difference="none", scaling="absolute"))
    assert (absolute.shift, absolute.scale) == (0, pytest.approx(5))


def test_a_constant_series_is_scaled_by_one() -> None:
    for scaling in ("absolute", "standard"):
        found = Statistics.of(np.full(11, 4.0), ForecastData(season=2, difference="season", scaling=scaling))
        assert (found.error, found.scale, found.deviation) == (1, 1, 1)


def test_differences_and_scales_of_columns() -> None:
    values = np.random.default_rng(3).normal(size=(7, 2))
    config = ForecastData(season=3, difference="season", scaling="standard")
    assert lag(config) == 3
    changes = modelled(values, config)
    np.testing.assert_allclose(changes, [[values[t, b] - values[t - 3, b] for b in range(2)] for t in range(3, 7)])
    shift, scale = shift_and_scale(changes, config)
    np.testing.assert_allclose(shift, changes.mean(axis=0))
    np.testing.assert_allclose(scale, changes.std(axis=0))
    same = ForecastData(difference="none", scaling="none")
    assert modelled(values, same) is values
    assert shift_and_scale(values, same)[1].tolist() == [1, 1]
