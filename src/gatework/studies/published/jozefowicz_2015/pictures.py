"""Pictures of the study after Jozefowicz et al.: cells on each task, and the generations of the search."""

from __future__ import annotations

import math
from typing import Any

from gatework.studies.published.jozefowicz_2015.search import ranked
from gatework.studies.sources.characters import tag_limits
from gatework.studies.statistics import mean_interval
from gatework.studies.trials import Trials

LEAST_SHOWN = 0.6


def accuracies(trials: Trials) -> Any:
    """For each task a panel: the mean accuracy of each cell with its interval; on XML both limits too."""
    from gatework.insight.figure import new_figure

    tasks = [task for (task,) in trials.groups("task")]
    cells = [cell for (cell,) in trials.groups("cell")]
    figure = new_figure(1.5 + 2.6 * len(tasks), 1.2 + 0.26 * len(cells))
    for axes, task in zip(figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0], tasks, strict=True):
        for place, cell in enumerate(cells):
            found = mean_interval(trials.where(task=task, cell=cell).values(task))
            width = 0 if math.isnan(found.half_width) else found.half_width
            color = "tab:red" if cell.startswith("found") else "tab:blue"
            axes.errorbar([found.mean], [place], xerr=[width], fmt="o", color=color, capsize=2, markersize=4)
        for limit, label in (
            zip(tag_limits(), ("forgets\nnames", "remembers\nall"), strict=True) if task == "XML" else ()
        ):
            axes.axvline(limit, color="grey", linewidth=0.8, linestyle=":")
            axes.text(limit, -1.5, label, ha="center", va="top", fontsize=7, color="grey")
        axes.set_yticks(range(len(cells)), cells, fontsize=8)
        axes.set_xlabel(f"{task}: accuracy", fontsize=8)
        axes.tick_params(axis="x", labelsize=8)
        axes.margins(x=0.15)
        axes.set_ylim(len(cells) - 0.5, -1.6)
    return figure


def generations(trials: Trials) -> Any:
    """The fitness of each candidate by its generation, and the best so far; what is far below lies at the edge."""
    from gatework.insight.figure import new_figure

    figure = new_figure(6, 3.2)
    axes = figure.subplots()
    pairs = [(trial["generation"], fitness) for trial, fitness in ranked(trials)]
    shown = [(generation, max(fitness, LEAST_SHOWN)) for generation, fitness in pairs]
    axes.plot(*zip(*shown, strict=True), "o", alpha=0.6)
    steps = sorted({generation for generation, _ in pairs})
    best = [max(fitness for generation, fitness in pairs if generation <= step) for step in steps]
    axes.plot(steps, best, color="tab:red", linewidth=1, label="best so far")
    axes.axhline(1, color="grey", linewidth=0.8, linestyle=":", label="GRU")
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    axes.set(xlabel="generation", ylabel=f"fitness, {LEAST_SHOWN} or less at the edge", xticks=steps)
    return figure
