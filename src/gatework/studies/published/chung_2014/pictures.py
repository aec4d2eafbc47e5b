"""Pictures of trainings on collections of music: a panel for each collection, a colour for each unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatework.studies.trials import Trials


def by_rate(trials: Trials, collections: Sequence[str], labels: Mapping[str, str]) -> Any:
    """Validation of the draws by their learning rate; ``labels`` is what the cells are called."""
    figure, panels = _panels(trials.where(stage="draw"), collections, "learning rate")
    for place, collection in panels:
        for number, (cell, label) in enumerate(labels.items()):
            group = trials.where(stage="draw", data=collection, cell=cell).good
            points = sorted((trial["rate"], trial["validation"]) for trial in group)
            if points:
                place.plot(*zip(*points, strict=True), "o-", color=f"C{number}", label=label, markersize=3, linewidth=1)
        place.set_xscale("log")
        _explain(place)
    return figure


def by_epoch(trials: Trials, collections: Sequence[str], labels: Mapping[str, str]) -> Any:
    """Validation after each epoch of each training to the end; ``labels`` is what the cells are called."""
    figure, panels = _panels(trials.where(stage="final"), collections, "epoch")
    for place, collection in panels:
        for number, (cell, label) in enumerate(labels.items()):
            for index, trial in enumerate(trials.where(stage="final", data=collection, cell=cell).good):
                curve = trial["curve"]
                name = label if index == 0 else None
                place.plot(range(1, len(curve) + 1), curve, color=f"C{number}", label=name, linewidth=0.8)
        _explain(place)
    return figure


def _panels(trials: Trials, collections: Sequence[str], along: str) -> tuple[Any, list[tuple[Any, str]]]:
    """A panel for each collection that was begun, at least one."""
    from gatework.insight.figure import new_figure

    shown = [name for name in collections if trials.where(data=name).good] or list(collections)[:1]
    figure = new_figure(max(5, 3.2 * len(shown)), 3.4)
    places = figure.subplots(1, len(shown), squeeze=False)[0]
    for place, collection in zip(places, shown, strict=True):
        place.set(title=collection.replace("_", " "), xlabel=along)
    places[0].set_ylabel("validation, nats a step")
    return figure, list(zip(places, shown, strict=True))


def _explain(place: Any) -> None:
    if place.lines:
        place.legend(fontsize=8)
