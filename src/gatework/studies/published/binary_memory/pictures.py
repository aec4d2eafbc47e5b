"""The pictures of binary-memory: losses by updates, and what the states remember."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.insight.figure import add_legend, add_levels, new_figure
from gatework.studies.sources.coins import FAR, NEAR, floors
from gatework.studies.trials import Trials


def draw_curves(trials: Trials, sizes: tuple[int, ...]) -> Any:
    """Losses while training by window, means of the seeds, with the three floors; a place for each size of state."""
    figure, places = _places(sizes)
    for place, size in zip(places, sizes, strict=True):
        for (window,), group in trials.where(state=size).good.groups("window").items():
            mean = np.mean([trial["curve"] for trial in group], axis=0)
            place.plot(group[0]["every"] * np.arange(1, len(mean) + 1), mean, label=f"window {window}", linewidth=1)
        add_levels(place, floors())
        place.set_xlabel("updates")
    places[0].set_ylabel("cross-entropy, nats")
    add_legend(places[-1])
    return figure


def draw_memory(trials: Trials, sizes: tuple[int, ...]) -> Any:
    """How often a linear map tells the coin of k steps ago from the state, before training and by window."""
    figure, places = _places(sizes)
    trained = trials.where(trained="all", optimizer="adagrad").good
    for place, size in zip(places, sizes, strict=True):
        groups = {"not trained": trials.where(trained="readout", state=size).good}
        groups |= {f"window {window}": group for (window,), group in trained.where(state=size).groups("window").items()}
        for label, group in groups.items():
            if group:
                mean = np.mean([trial["memory"] for trial in group], axis=0)
                place.plot(mean, label=label, linewidth=1, color="black" if label == "not trained" else None)
        for lag in (NEAR, FAR):
            place.axvline(lag, color="grey", linewidth=0.8, linestyle=":")
        place.set_xlabel("steps ago")
    places[0].set_ylabel("coins told from the state")
    add_legend(places[-1])
    return figure


def _places(sizes: tuple[int, ...]) -> tuple[Any, Any]:
    """A figure with a place for each size."""
    figure = new_figure(9, 3.6)
    places = figure.subplots(1, len(sizes), sharey=True)
    for place, size in zip(places, sizes, strict=True):
        place.set_title(f"state of {size}")
    return figure, places
