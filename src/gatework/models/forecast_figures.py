"""How good forecasts are, as sums over batches; naive forecasts from the same origins beside them."""

from __future__ import annotations

import numpy as np

Totals = dict[str, float]
DECILES = np.arange(1, 10) / 10
INTERVALS = (80, 95)
NAMES = ("model", "seasonal_naive", "naive")


def forecast_totals(
    samples: np.ndarray, actual: np.ndarray, history: np.ndarray, error: np.ndarray, *, season: int
) -> Totals:
    """Sums over the steps of forecasts.

    Point forecasts are medians where absolute errors are taken and means where squares are.

    Args:
        samples: (samples, horizon, batch).
        actual: (horizon, batch).
        history: (history, batch) what came before, at least a season.
        error: (batch,) what errors are divided by.
        season: steps after which the seasonal naive forecast repeats.
    """
    horizon = len(actual)
    repeated = history[len(history) - season + np.arange(horizon) % season]
    last = np.broadcast_to(history[-1], actual.shape)
    points = {"model": np.median(samples, axis=0), "seasonal_naive": repeated, "naive": last}
    means = {**points, "model": samples.mean(axis=0)}
    totals: Totals = {"points": float(actual.size), "size": float(np.abs(actual).sum())}
    for name in NAMES:
        distance = np.abs(points[name] - actual)
        sizes = np.abs(points[name]) + np.abs(actual)
        totals[f"{name}_scaled"] = float((distance / error).sum())
        totals[f"{name}_share"] = float((200 * distance / np.where(sizes, sizes, 1)).sum())
        totals[f"{name}_square"] = float(np.square(means[name] - actual).sum())
    ordered = np.sort(samples, axis=0)
    totals["crps"] = float((continuous_ranked_probability(ordered, actual) / error).sum())
    totals["pinball"] = sum(
        float(np.maximum(level * (actual - quantile), (level - 1) * (actual - quantile)).sum())
        for level, quantile in zip(DECILES, np.quantile(ordered, DECILES, axis=0), strict=True)
    )
    for share in INTERVALS:
        low, high = interval_ends(ordered, share)
        totals[f"covered_{share}"] = float(((low <= actual) & (actual <= high)).sum())
    return totals


def continuous_ranked_probability(ordered: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """The score of each step: E|X - y| - E|X - X'| / 2 over the samples (samples, ...) in their order, without bias."""
    draws = len(ordered)
    weights = (2 * np.arange(1, draws + 1) - draws - 1) / (draws * (draws - 1))
    return np.abs(ordered - actual).mean(axis=0) - np.tensordot(weights, ordered, 1)


def interval_ends(samples: np.ndarray, share: float) -> np.ndarray:
    """Both ends of the middle interval that holds a share, in percent, of the samples: (2, ...)."""
    return np.quantile(samples, [0.5 - share / 200, 0.5 + share / 200], axis=0)


def short_figures(totals: Totals) -> dict[str, float]:
    """What is told while a model learns: MASE, that of the seasonal naive forecast, and the skill.

    The skill is 1 - CRPS / CRPS of the seasonal naive forecast; that of a single value is its absolute error.
    """
    points = totals["points"]
    return {
        "mase": totals["model_scaled"] / points,
        "seasonal_naive_mase": totals["seasonal_naive_scaled"] / points,
        "skill": 1 - totals["crps"] / (totals["seasonal_naive_scaled"] or points),
    }


def all_figures(totals: Totals) -> dict[str, float]:
    """All that is measured.

    Returns:
        mase, smape (percent) and rmse of the model and, with their names before it, of both naive forecasts; crps, in
        the unit of MASE; weighted_quantile_loss, twice the mean pinball loss of the nine deciles over the mean size
        of the values (that of GluonTS); coverage_80 and coverage_95, percent of steps inside the intervals;
        relative_mae, MASE over that of the seasonal naive forecast, and relative_mae_naive; points.
    """
    points = totals["points"]
    found = {}
    for name in NAMES:
        prefix = "" if name == "model" else f"{name}_"
        found[f"{prefix}mase"] = totals[f"{name}_scaled"] / points
        found[f"{prefix}smape"] = totals[f"{name}_share"] / points
        found[f"{prefix}rmse"] = (totals[f"{name}_square"] / points) ** 0.5
    return {
        **found,
        "relative_mae": _ratio(found["mase"], found["seasonal_naive_mase"]),
        "relative_mae_naive": _ratio(found["mase"], found["naive_mase"]),
        "crps": totals["crps"] / points,
        "weighted_quantile_loss": _ratio(2 * totals["pinball"] / len(DECILES), totals["size"]),
        **{f"coverage_{share}": 100 * totals[f"covered_{share}"] / points for share in INTERVALS},
        "points": points,
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("inf") if part else 1.0
