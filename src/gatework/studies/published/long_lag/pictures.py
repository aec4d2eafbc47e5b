"""The picture of the study of long lags: tasks against cells, what is solved at a glance."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.studies.trials import Trials


def overview(trials: Trials) -> Any:
    """A field for each task and cell: the mean share of right sequences; framed where all seeds solved the task."""
    from matplotlib.patches import Rectangle

    from gatework.insight.figure import new_figure

    rows = list(trials.groups("task", "length"))
    cells = [cell for (cell,) in trials.groups("cell")]
    figure = new_figure(2.4 + 0.8 * len(cells), 1.3 + 0.36 * len(rows))
    axes = figure.subplots()
    table = np.full((len(rows), len(cells)), np.nan)
    for (task, length, cell), group in trials.groups("task", "length", "cell").items():
        row, column = rows.index((task, length)), cells.index(cell)
        if group.good:
            table[row, column] = np.mean(group.values("right"))
        if sum(group.values("solved")) == len(group):
            axes.add_patch(
                Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, fill=False, edgecolor="black", linewidth=1.6)
            )
    axes.imshow(table, vmin=0, vmax=1, cmap="Greens", aspect="auto")
    axes.set_xticks(range(len(cells)), [cell.replace(" ", "\n") for cell in cells], fontsize=8)
    axes.set_yticks(range(len(rows)), [f"{task}, {length:,}" for task, length in rows], fontsize=8)
    axes.set_title("framed: solved with every seed; empty: not tried", fontsize=8)
    for (row, column), share in np.ndenumerate(table):
        if np.isfinite(share):
            color = "white" if share > 0.6 else "black"
            axes.text(column, row, f"{share:.2f}", ha="center", va="center", fontsize=8, color=color)
    return figure
