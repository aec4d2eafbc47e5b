"""Pictures of a search: how good the trials were, which settings mattered, and where good values lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gatework.insight.figure import literal, new_figure
from gatework.studies.search.search import Tried
from gatework.studies.search.space import Dimension, Space

COLOURS = {"done": "C0", "pruned": "0.7"}
WORDS = {"done": "done", "pruned": "ended early"}


def _known(tried: Sequence[Tried], state: str) -> list[Tried]:
    return [one for one in tried if one.state == state and math.isfinite(one.rank)]


def draw_history(tried: Sequence[Tried], what: str, sign: float = 1.0) -> Any:
    """Each trial, and the best one so far.

    Args:
        tried: in the order in which they were made.
        what: the name of what was measured.
        sign: -1 where the rank is a figure with its sign turned.
    """
    figure = new_figure(7, 3.6)
    axes = figure.subplots()
    for state, colour in COLOURS.items():
        some = _known(tried, state)
        axes.scatter(
            [one.number for one in some], [sign * one.rank for one in some], s=16, color=colour, label=WORDS[state]
        )
    done = _known(tried, "done")
    best = [min(other.rank for other in done[: place + 1]) for place in range(len(done))]
    axes.step(
        [one.number for one in done], [sign * rank for rank in best], where="post", color="C3", label="best so far"
    )
    failed = [one.number for one in tried if one.state == "failed"]
    if failed:
        low = [0.02] * len(failed)
        axes.scatter(failed, low, marker="x", color="C3", label="failed", transform=axes.get_xaxis_transform())
    _limit(axes, done, sign)
    axes.set(xlabel="trial", ylabel=literal(what))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize=8)
    return figure


def draw_importances(shares: Mapping[str, float]) -> Any:
    """The share of the variance that each setting explains."""
    figure = new_figure(6, 0.9 + 0.4 * len(shares))
    axes = figure.subplots()
    names = list(shares)[::-1]
    bars = axes.barh([literal(name) for name in names], [shares[name] for name in names], color="C0")
    axes.bar_label(bars, fmt="{:.0%}", padding=3, fontsize=8)
    axes.set(xlabel="share of the explained variance (fANOVA)", xlim=(0, 1.1))
    return figure


def draw_slices(tried: Sequence[Tried], space: Space, what: str, sign: float = 1.0) -> Any:
    """What was measured against each setting that was searched."""
    figure = new_figure(2.6 * len(space) + 0.6, 2.8)
    places = figure.subplots(1, len(space), sharey=True, squeeze=False)[0]
    for axes, dimension in zip(places, space, strict=True):
        for state, colour in COLOURS.items():
            some = _known(tried, state)
            values = [one.values[dimension.name] for one in some]
            if dimension.choices:
                values = [list(dimension.choices).index(value) for value in values]
            axes.scatter(values, [sign * one.rank for one in some], s=12, color=colour)
        axes.set_xlabel(dimension.name)
        _scale(axes, dimension)
    _limit(places[0], _known(tried, "done"), sign)
    places[0].set_ylabel(literal(what))
    return figure


def _scale(axes: Any, dimension: Dimension) -> None:
    """The whole range of a setting, as it was drawn from."""
    if dimension.choices:
        axes.set_xticks(range(len(dimension.choices)), [literal(str(choice)) for choice in dimension.choices])
        axes.set_xlim(-0.5, len(dimension.choices) - 0.5)
        return
    low, high = dimension.low, dimension.high
    if dimension.log:
        axes.set(xscale="log", xlim=(low / (high / low) ** 0.05, high * (high / low) ** 0.05))
        axes.xaxis.set_minor_formatter(lambda value, place: "")
        if high / low < 30:  # powers of ten alone would be too few
            ticks = [dimension.at(share) for share in (0.0, 0.5, 1.0)]
            axes.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    else:
        axes.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        axes.xaxis.get_major_locator().set_params(integer=dimension.whole)


def _limit(axes: Any, tried: Sequence[Tried], sign: float) -> None:
    """Leave out of the picture what is far worse than half of the trials, so that the good ones can be told apart."""
    ranks = sorted(one.rank for one in tried)
    if not ranks:
        return
    best, middle = ranks[0], ranks[len(ranks) // 2]
    reach = best + 4 * (middle - best)
    if ranks[-1] > reach > best:
        margin = 0.05 * (reach - best)
        axes.set_ylim(*sorted((sign * (best - margin), sign * (reach + margin))))
