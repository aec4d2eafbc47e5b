"""The picture of the study of long lags: tasks against cells, what is solved at a glance."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.studies.trials import Trials

EVERY, SOME, NONE = "#1b7837", "#a6dba0", "#e6e6e6"


def overview(trials: Trials) -> Any:
    """A field for each task and cell: the mean share of right sequences, its colour by how many seeds solved it."""
    from matplotlib.patches import Rectangle

    from gatework.insight.figure import new_figure

    rows = list(trials.groups("task", "length"))
    cells = [cell for (cell,) in trials.groups("cell")]
    figure = new_figure(2.4 + 0.8 * len(cells), 1.3 + 0.36 * len(rows))
    axes = figure.subplots()
    for (task, length, cell), group in trials.groups("task", "length", "cell").items():
        row, column = rows.index((task, length)), cells.index(cell)
        solved = sum(group.values("solved"))
        color = EVERY if solved == len(group) else SOME if solved else NONE
        axes.add_patch(Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, facecolor=color))
        share = f"{np.mean(group.values('right')):.2f}" if group.good else "failed"
        ink = "white" if color == EVERY else "black"
        axes.text(column, row, share, ha="center", va="center", fontsize=8, color=ink)
    axes.set(xlim=(-0.5, len(cells) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(range(len(cells)), [cell.replace(" ", "\n") for cell in cells], fontsize=8)
    axes.set_yticks(range(len(rows)), [f"{task}, {length:,}" for task, length in rows], fontsize=8)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    handles = [Rectangle((0, 0), 1, 1, facecolor=color) for color in (EVERY, SOME, NONE)]
    labels = ["solved with every seed", "with some", "with none"]
    axes.legend(handles, labels, ncols=3, fontsize=8, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure
