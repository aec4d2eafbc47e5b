"""The pictures of vanishing-gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatework.insight.figure import add_legend, new_figure, plain_log_ticks
from gatework.studies.trials import Trials

LEAST, MOST = 1e-20, 1e10


def lags_picture(trials: Trials, scales: Sequence[float]) -> Any:
    """What is left of an error by lag: a column for each scale, before training above and after it below."""
    figure = new_figure(9.5, 5.6)
    places = figure.subplots(2, len(scales), sharex=True, sharey=True)
    for row, (when, title) in zip(places, (("before", "as drawn"), ("after", "trained")), strict=True):
        for place, scale in zip(row, scales, strict=True):
            for (cell,), group in trials.where(scale=scale).good.groups("cell").items():
                left = _left(group, when)
                if left is not None:
                    place.plot(left, label=cell, linewidth=1.4)
            _regions(place)
            place.set_title(f"{title}, scale {scale:g}", fontsize=10)
        row[0].set_ylabel("share of the error that arrives")
    for place in places[-1]:
        place.set_xlabel("steps back from the error")
    named = places[0][0].get_legend_handles_labels()
    if named[0]:
        figure.legend(*named, loc="outside upper center", ncols=6, fontsize=9)
    return figure


def _left(group: Trials, when: str) -> Any:
    """The median over trials of each norm as a share of the first; zeros are drawn at the lower edge."""
    norms = [trial[when]["all"] for trial in group if None not in trial[when]["all"]]
    shares = [np.array(one) / one[0] for one in norms if one[0] > 0]
    return np.clip(np.median(shares, axis=0), LEAST, None) if shares else None


def _regions(place: Any) -> None:
    place.set(yscale="log", ylim=(LEAST, MOST))
    place.axhline(1, color="grey", linewidth=0.8, linestyle=":")
    place.axhspan(1e2, MOST, color="tab:red", alpha=0.08, linewidth=0)
    place.axhspan(LEAST, 1e-4, color="tab:blue", alpha=0.08, linewidth=0)
    for height, word in ((MOST / 30, "explodes"), (LEAST * 1e3, "vanishes")):
        place.annotate(word, (0.02, height), xycoords=("axes fraction", "data"), ha="left", va="top", fontsize=8)


def clipping_picture(trials: Trials, clip_norm: float) -> Any:
    """Norms and losses on the way, a row for each network, clipped and not, of its first seed; x: it diverged."""
    kinds = list(trials.groups("cell", "scale"))
    figure = new_figure(9, 2.3 * max(1, len(kinds)))
    places = figure.subplots(max(1, len(kinds)), 2, squeeze=False, sharex=True)
    for (cell, scale), (norms, losses) in zip(kinds, places, strict=False):  # of no trials a row without curves is left
        for (clip,), group in trials.where(cell=cell, scale=scale).good.groups("clip").items():
            label = "not clipped" if clip is None else f"clipped at {clip:g}"
            for place, name in ((norms, "norms"), (losses, "losses")):
                way = np.array(group[0][name])
                place.plot(group[0]["every"] * np.arange(1, len(way) + 1), way, label=label, linewidth=1)
                place.set_yscale("log")
                if group[0]["diverged"] and len(way):
                    place.plot(len(way) * group[0]["every"], way[-1], "x", color=place.lines[-1].get_color())
        norms.axhline(clip_norm, color="grey", linewidth=0.8, linestyle=":")
        norms.set_title(f"{cell}, scale {scale:g}: largest norm of the gradient", fontsize=9)
        losses.set_title("loss, nats", fontsize=9)
        plain_log_ticks(losses.yaxis)
        add_legend(losses)
    for place in places[-1]:
        place.set_xlabel("updates")
    return figure
