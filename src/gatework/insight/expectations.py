"""Pictures of what a model expects of a piece of music, beside what was played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.music.piano_rolls import KEYS, LOWEST, checked_roll
from gatework.insight.figure import literal, new_figure, save_figure
from gatework.insight.rolls import STEPS, pitch_name

MARGIN = 2  # keys above and below what is shown
LIKELY = 0.1  # keys of this probability are shown


def plot_expectations(roll: np.ndarray, probabilities: np.ndarray, target: str | Path, *, title: str = "") -> Path:
    """Draw a piano roll above the probabilities that a model gave its notes one step before.

    Args:
        roll: what was played, (time, 88) bool; at most ``STEPS`` steps are drawn.
        probabilities: what was expected at the same steps, (time, 88), between 0 and 1.
        target: the PNG file.
        title: of the picture.

    Raises:
        ValueError: a shape or range is wrong.
        StorageError: the file cannot be written.
    """
    return save_figure(expectations_figure(roll, probabilities, title), Path(target))


def expectations_figure(roll: np.ndarray, probabilities: np.ndarray, title: str = "") -> Any:
    """The figure of ``plot_expectations``."""
    roll = checked_roll(np.asarray(roll))[:STEPS]
    probabilities = np.asarray(probabilities)[:STEPS]
    if probabilities.shape != roll.shape or not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError(f"probabilities must be {roll.shape} as the roll, between 0 and 1")
    shown = np.flatnonzero((roll | (probabilities >= LIKELY)).any(axis=0))
    low, high = (int(shown[0]), int(shown[-1])) if len(shown) else (39, 51)
    low, high = max(0, low - MARGIN), min(KEYS, high + MARGIN + 1)
    figure = new_figure(min(14.0, max(6.0, 0.09 * len(roll) + 2)), 2 * 0.075 * (high - low) + 1.2)
    axes = figure.subplots(2, 1, sharex=True, sharey=True)
    octaves = range(12 * -(-(low + LOWEST) // 12), high + LOWEST, 12)  # each C
    extent = (0, len(roll), low + LOWEST - 0.5, high + LOWEST - 0.5)
    for axis, values, name in zip(axes, (roll, probabilities), ("played", "expected"), strict=True):
        image = axis.imshow(
            values[:, low:high].T, vmin=0, vmax=1, cmap="Blues", origin="lower", aspect="auto",
            interpolation="nearest", extent=extent,
        )  # fmt: skip
        axis.set_ylabel(name)
        axis.set_yticks(octaves, map(pitch_name, octaves), fontsize=8)
        axis.grid(alpha=0.3)
    axes[0].set_title(literal(title), loc="left", fontsize=10)
    axes[1].set_xlabel("step")
    figure.colorbar(image, ax=axes, label="probability", shrink=0.8)
    return figure
