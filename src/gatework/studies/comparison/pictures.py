"""The pictures of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatework.insight.figure import literal, new_figure
from gatework.studies.comparison.summary import ArmSummary
from gatework.studies.trials import Trials

COLOURS = 10
"""Colours after which line styles change."""
STYLES = ("-", "--", ":", "-.")
Course = list[list[float]]
"""Update, seconds and loss, again and again."""


def draw_courses(trials: Trials, kind: str, summary: Sequence[ArmSummary]) -> Any:
    """Training loss as lines and validation loss as dots, against updates on the left and seconds on the right.

    Seconds are those of so many updates at the speed that was measured.
    """
    figure = new_figure(8.6, 3.6)
    places = figure.subplots(1, 2, sharey=True)
    for number, arm in enumerate(summary):
        colour, style = _look(number)
        for place, scale in zip(places, (1.0, arm.update_seconds), strict=True):
            if scale is None:
                continue
            group = trials.where(**{kind: arm.name}).good
            for index, course in enumerate(_courses(group, "train")):
                label = None if index else literal(arm.name)
                place.plot(*_points(course, scale), style, color=colour, linewidth=0.9, label=label)
            for course in _courses(group, "validation"):
                place.plot(*_points(course, scale), "o", color=colour, markersize=2.5)
    _limit(places[0], trials)
    places[0].set(xlabel="updates", ylabel="loss")
    places[1].set_xlabel("seconds of learning")
    for place in places:
        place.grid(alpha=0.3)
    if places[0].lines:
        for line in places[0].legend(fontsize=8).get_lines():
            line.set_linewidth(2)
    return figure


def _look(number: int) -> tuple[str, str]:
    return f"C{number % COLOURS}", STYLES[number // COLOURS % len(STYLES)]


def _courses(group: Trials, kind: str) -> list[Course]:
    """The mean over seeds where all have losses of the same updates, else the course of each."""
    courses: list[Course] = [trial[kind] for trial in group if trial[kind]]
    if len({tuple(point[0] for point in course) for course in courses}) != 1:
        return courses
    return [[[float(value) for value in np.mean(points, axis=0)] for points in zip(*courses, strict=True)]]


def _points(course: Course, scale: float) -> tuple[list[float], list[float]]:
    return [scale * point[0] for point in course], [point[2] for point in course]


def _limit(place: Any, trials: Trials) -> None:
    """Leave the first updates out of the height where they are far above all that follows."""
    losses = sorted(point[2] for trial in trials.good for kind in ("train", "validation") for point in trial[kind])
    if len(losses) < 20:
        return
    low, high = losses[0], losses[int(0.97 * (len(losses) - 1))]
    margin = 0.05 * (high - low)
    if margin > 0:
        place.set_ylim(low - margin, high + margin)


def draw_rates(trials: Trials, kind: str) -> Any:
    """The best validation of each arm by learning rate, lowest being best; a ring around the lowest."""
    figure = new_figure(6.5, 4)
    place = figure.subplots()
    best = []
    for number, ((name,), group) in enumerate(trials.good.groups(kind).items()):
        points = sorted((trial["learning_rate"], trial["rank"]) for trial in group)
        colour, style = _look(number)
        place.plot(*zip(*points, strict=True), style + "o", color=colour, markersize=3, label=literal(str(name)))
        rate, rank = min(points, key=lambda point: point[1])
        place.plot(rate, rank, "o", color=colour, markersize=9, fillstyle="none")
        best.append(rank)
    place.set(xscale="log", xlabel="learning rate", ylabel="validation, lower is better")
    if best:
        low, reach = min(best), 3 * (max(best) - min(best))
        if 0 < reach < max(trials.good.values("rank")) - low:  # hopeless rates would flatten the rest
            place.set_ylim(low - 0.1 * reach, low + reach)
        place.legend(fontsize=8)
    place.grid(alpha=0.3)
    return figure
