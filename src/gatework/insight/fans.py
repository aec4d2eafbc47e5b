"""Pictures of forecasts: intervals that open like a fan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatework.insight.figure import literal, new_figure, save_figure


def plot_forecast(
    history: Sequence[float] | np.ndarray,
    quantiles: Mapping[float, Sequence[float] | np.ndarray],
    path: str | Path,
    *,
    actual: Sequence[float] | np.ndarray | None = None,
    times: Sequence[Any] | np.ndarray | None = None,
    title: str = "",
    ylabel: str = "",
) -> Path:
    """Draw a series, the forecast of its next steps as intervals around a median, and what came if that is known.

    Args:
        history: (n,) what was known.
        quantiles: probability to (horizon,) forecast. Those that lie as far from 0 as others from 1, such as 0.1 and
            0.9, are drawn as an interval; 0.5 is drawn as a line.
        path: the PNG file.
        actual: (horizon,) what came.
        times: (n + horizon,) where on the horizontal axis, numbers or dates; steps from the last known one if not
            given.
        title: above.
        ylabel: what is measured.

    Raises:
        ValueError: lengths do not agree, or there is nothing to draw.
        StorageError: the file cannot be written.
    """
    figure = forecast_figure(history, quantiles, actual=actual, times=times, title=title, ylabel=ylabel)
    return save_figure(figure, Path(path))


def forecast_figure(
    history: Sequence[float] | np.ndarray,
    quantiles: Mapping[float, Sequence[float] | np.ndarray],
    *,
    actual: Sequence[float] | np.ndarray | None = None,
    times: Sequence[Any] | np.ndarray | None = None,
    title: str = "",
    ylabel: str = "",
) -> Any:
    """The figure of ``plot_forecast``."""
    known = np.asarray(history, float)
    forecasts = {float(share): np.asarray(values, float) for share, values in sorted(quantiles.items())}
    horizon = _horizon(known, forecasts, actual)
    where = np.arange(1 - len(known), horizon + 1) if times is None else np.asarray(times)
    if where.shape != (len(known) + horizon,):
        raise ValueError(f"times must be ({len(known) + horizon},), history and horizon, not {where.shape}")
    figure = new_figure(9, 4)
    axis = figure.subplots()
    axis.plot(where[: len(known)], known, color="0.25", linewidth=1.2, label="known")
    ahead = where[len(known) - 1 :]  # the fan opens at the last known value

    def opened(values: np.ndarray) -> np.ndarray:
        return np.concatenate([known[-1:], values])

    intervals = _intervals(forecasts)
    for place, (low, high) in enumerate(intervals):
        shade = 0.18 + 0.3 * place / max(1, len(intervals) - 1)
        bounds = opened(forecasts[low]), opened(forecasts[high])
        axis.fill_between(
            ahead, *bounds, color="tab:blue", alpha=shade, linewidth=0, label=f"{high - low:.0%} interval"
        )
    if 0.5 in forecasts:
        axis.plot(ahead, opened(forecasts[0.5]), color="tab:blue", linewidth=1.8, label="median forecast")
    if actual is not None:
        axis.plot(where[len(known) :], actual, color="tab:red", marker="o", markersize=3, linewidth=1, label="actual")
    axis.axvline(where[len(known) - 1], color="0.6", linewidth=0.8, linestyle=":")
    axis.set(title=literal(title), ylabel=literal(ylabel), xlabel="steps ahead" if times is None else "")
    axis.grid(alpha=0.3)
    axis.margins(x=0.01)
    axis.legend(loc="upper left", fontsize=9)
    return figure


def _horizon(known: np.ndarray, forecasts: Mapping[float, np.ndarray], actual: Any) -> int:
    if known.ndim != 1 or not len(known) or not forecasts:
        raise ValueError("there must be a history (n,) with n > 0, and quantiles")
    if not all(0 < share < 1 for share in forecasts):
        raise ValueError(f"quantiles must lie between 0 and 1: {list(forecasts)}")
    shapes = {values.shape for values in forecasts.values()} | ({np.shape(actual)} if actual is not None else set())
    shape = shapes.pop()
    if shapes or len(shape) != 1 or not shape[0]:
        raise ValueError(f"all quantiles and what came must be (horizon,), not {sorted({*shapes, shape})}")
    return shape[0]


def _intervals(shares: Mapping[float, Any]) -> list[tuple[float, float]]:
    """Pairs of quantiles as far from 0 as from 1, the widest first."""
    return [
        (low, high)
        for low in sorted(shares)
        for high in shares
        if low < 0.5 and math.isclose(low + high, 1, abs_tol=1e-9)
    ]
