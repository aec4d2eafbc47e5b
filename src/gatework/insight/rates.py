"""The loss over rising learning rates."""

from __future__ import annotations

from pathlib import Path

from gatework.insight.figure import literal, new_figure, save_figure
from gatework.training.rate_finder import RateSearch


def plot_rates(search: RateSearch, target: str | Path, *, title: str = "") -> Path:
    """Draw what ``find_rate`` found, with its suggestion.

    Raises:
        StorageError: the file cannot be written.
    """
    figure = new_figure(8, 4.5)
    axes = figure.subplots()
    axes.plot(search.rates, search.losses, color="tab:blue")
    axes.axvline(search.suggestion, color="tab:red", linestyle="--", label=f"suggested: {search.suggestion:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss, smoothed", title=literal(title))
    axes.grid(alpha=0.3)
    axes.legend()
    return save_figure(figure, Path(target))
