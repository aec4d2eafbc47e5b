"""Figures of forecasts against their definitions, one step at a time."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.models.forecast_figures import all_figures, forecast_totals, short_figures

SEASON, HORIZON, BATCH, DRAWS = 3, 5, 7, 211


@pytest.fixture
def totals() -> tuple[dict[str, float], tuple[np.ndarray, ...]]:
    generator = np.random.default_rng(3)
    history = 10 + generator.normal(size=(11, BATCH))
    actual = 10 + generator.normal(size=(HORIZON, BATCH))
    samples = 10 + 0.8 * generator.standard_t(5, size=(DRAWS, HORIZON, BATCH))
    error = 1 + generator.random(BATCH)
    given = (samples, actual, history, error)
    return forecast_totals(*given, season=SEASON), given


def test_point_forecasts(totals: tuple[dict[str, float], tuple[np.ndarray, ...]]) -> None:
    figures, (samples, actual, history, error) = all_figures(totals[0]), totals[1]
    points = {"": np.median(samples, axis=0), "seasonal_naive_": np.empty_like(actual), "naive_": np.empty_like(actual)}
    for step in range(HORIZON):
        points["seasonal_naive_"][step] = history[11 - SEASON + step % SEASON]
        points["naive_"][step] = history[-1]
    for prefix, point in points.items():
        assert figures[f"{prefix}mase"] == pytest.approx(np.mean(abs(point - actual) / error))
        shares = 200 * abs(point - actual) / (abs(point) + abs(actual))
        assert figures[f"{prefix}smape"] == pytest.approx(shares.mean())
        mean = point if prefix else samples.mean(axis=0)
        assert figures[f"{prefix}rmse"] == pytest.approx(np.sqrt(np.mean((mean - actual) ** 2)))
    assert figures["relative_mae"] == pytest.approx(figures["mase"] / figures["seasonal_naive_mase"])
    assert figures["relative_mae_naive"] == pytest.approx(figures["mase"] / figures["naive_mase"])


def test_distributions(totals: tuple[dict[str, float], tuple[np.ndarray, ...]]) -> None:
    figures, (samples, actual, _, error) = all_figures(totals[0]), totals[1]
    pairs = np.abs(samples[:, None] - samples[None]).sum(axis=(0, 1)) / (DRAWS * (DRAWS - 1))
    crps = np.abs(samples - actual).mean(axis=0) - pairs / 2
    assert figures["crps"] == pytest.approx((crps / error).mean())
    levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    losses = []
    for level in levels:
        over = actual - np.quantile(samples, level, axis=0)
        losses.append(np.where(over > 0, level * over, (level - 1) * over).sum())
    assert figures["weighted_quantile_loss"] == pytest.approx(2 * np.mean(losses) / abs(actual).sum())
    for share, ends in ((80, (0.1, 0.9)), (95, (0.025, 0.975))):
        low, high = np.quantile(samples, ends, axis=0)
        assert figures[f"coverage_{share}"] == pytest.approx(100 * ((low <= actual) & (actual <= high)).mean())
    skill = short_figures(totals[0])["skill"]
    assert skill == pytest.approx(1 - figures["crps"] / figures["seasonal_naive_mase"])


def test_batches_add_up(totals: tuple[dict[str, float], tuple[np.ndarray, ...]]) -> None:
    whole, (samples, actual, history, error) = totals
    parts = [
        forecast_totals(samples[..., rows], actual[:, rows], history[:, rows], error[rows], season=SEASON)
        for rows in (slice(0, 2), slice(2, BATCH))
    ]
    assert {name: parts[0][name] + parts[1][name] for name in whole} == pytest.approx(whole)


def test_perfect_forecasts_and_zeros() -> None:
    nothing = np.zeros((HORIZON, 1))
    totals = forecast_totals(np.zeros((2, HORIZON, 1)), nothing, np.zeros((SEASON, 1)), np.ones(1), season=SEASON)
    figures = all_figures(totals)
    assert (figures["mase"], figures["smape"], figures["relative_mae"], figures["coverage_80"]) == (0, 0, 1, 100)
    assert short_figures(totals)["skill"] == 1
