"""A picture of what a classifier takes for what."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gatework.insight.figure import literal, new_figure, save_figure
from gatework.models.confusion import Confusion

CLASSES_COUNTED = 25
"""With more classes the counts are not written into the squares."""
CLASSES_NAMED = 80


def plot_confusion(confusion: Confusion, target: str | Path, *, title: str = "") -> Path:
    """Draw a confusion matrix: classes meant down, answered across; shades are shares of what was meant.

    Raises:
        StorageError: the file cannot be written.
    """
    matrix, names = confusion.matrix, [literal(name[:24]) for name in confusion.names]
    shares = matrix / np.maximum(confusion.support, 1)[:, None]
    side = min(max(3.0, 0.42 * len(names)), 20.0)
    figure = new_figure(side + 2.5, side + 1.5)
    axes = figure.subplots()
    shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    figure.colorbar(shown, ax=axes, fraction=0.04, pad=0.02, label="share of the examples meant")
    if len(names) <= CLASSES_NAMED:
        axes.set_xticks(range(len(names)), names, rotation=90 if max(map(len, names)) > 2 else 0, fontsize=9)
        axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set(xlabel="answered", ylabel="meant", title=literal(title))
    if len(names) <= CLASSES_COUNTED:
        for meant, answered in zip(*np.nonzero(matrix), strict=True):
            colour = "white" if shares[meant, answered] > 0.5 else "black"
            axes.text(
                answered, meant, f"{matrix[meant, answered]:,}", ha="center", va="center", color=colour, fontsize=7
            )
    return save_figure(figure, Path(target))
