"""Forecasts as fans: the bounds that are drawn are the quantiles, and the legend says how much lies between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gatework.insight.fans import forecast_figure, plot_forecast

HISTORY = np.array([3.0, 5.0, 2.0, 7.0, 4.0])
QUANTILES = {0.9: [6.0, 9.0, 8.0], 0.5: [5.0, 6.0, 5.0], 0.1: [4.0, 3.0, 2.0], 0.25: [4.5, 5, 4], 0.75: [5.5, 7, 6]}
ACTUAL = [5.5, 2.5, 5.0]


def drawn(axis) -> dict[str, np.ndarray]:
    lines = {line.get_label(): line.get_xydata() for line in axis.lines}
    return lines | {fill.get_label(): fill.get_paths()[0].vertices for fill in axis.collections}


def test_bounds_are_the_quantiles() -> None:
    (axis,) = forecast_figure(HISTORY, QUANTILES, actual=ACTUAL, title="cost $", ylabel="$ a day").axes
    shapes = drawn(axis)
    np.testing.assert_array_equal(shapes["known"], np.stack([np.arange(-4, 1), HISTORY], axis=1))
    np.testing.assert_array_equal(shapes["median forecast"], [[0, 4], [1, 5], [2, 6], [3, 5]])
    np.testing.assert_array_equal(shapes["actual"], [[1, 5.5], [2, 2.5], [3, 5]])
    for share, low, high in [("80%", 0.1, 0.9), ("50%", 0.25, 0.75)]:
        corners = {tuple(corner) for corner in shapes[f"{share} interval"].tolist()}
        assert corners == {(0.0, 4.0)} | {
            (float(step), float(QUANTILES[q][step - 1])) for q in (low, high) for step in (1, 2, 3)
        }
    legend = [text.get_text() for text in axis.get_legend().get_texts()]
    assert legend == ["known", "80% interval", "50% interval", "median forecast", "actual"]
    shades = [fill.get_alpha() for fill in axis.collections]
    assert shades[0] < shades[1]  # the wider, the fainter
    assert (axis.get_title(), axis.get_ylabel(), axis.get_xlabel()) == (r"cost \$", r"\$ a day", "steps ahead")


def test_dates_and_a_median_alone(tmp_path: Path) -> None:
    times = np.arange("2001-01", "2001-09", dtype="datetime64[M]")
    (axis,) = forecast_figure(HISTORY, {0.5: [1, 2, 3]}, times=times).axes
    assert len(axis.collections) == 0
    assert axis.get_xlabel() == ""
    np.testing.assert_array_equal(drawn(axis)["known"][:, 1], HISTORY)
    target = plot_forecast(HISTORY[-1:], {0.1: [1.0], 0.9: [2.0]}, tmp_path / "plots" / "fan.png", times=[1, 2])
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("history", "quantiles", "options", "words"),
    [
        (HISTORY, {}, {}, "quantiles"),
        (HISTORY[:0], QUANTILES, {}, "history"),
        (HISTORY[None], QUANTILES, {}, "history"),
        (HISTORY, {0.5: [1.0], 0.1: [1.0, 2.0]}, {}, "horizon"),
        (HISTORY, {0.5: []}, {}, "horizon"),
        (HISTORY, QUANTILES, {"actual": [1.0]}, "horizon"),
        (HISTORY, QUANTILES, {"times": [1, 2]}, r"times must be \(8,\)"),
        (HISTORY, {0.0: [1.0]}, {}, "between 0 and 1"),
        (HISTORY, {95: [1.0]}, {}, "between 0 and 1"),
    ],
)
def test_what_does_not_agree_is_said(history: np.ndarray, quantiles: dict, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        forecast_figure(history, quantiles, **options)
