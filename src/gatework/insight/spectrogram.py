"""What a model hears and what it takes it for: features and the probabilities of symbols over time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from gatework.insight.figure import literal, new_figure, save_figure, visible

FAINT = 0.1  # symbols that never become as probable are not drawn


def plot_phonemes(
    log_probabilities: np.ndarray | Tensor,
    names: Sequence[str],
    path: str | Path,
    *,
    features: np.ndarray | Tensor | None = None,
    transcript: Sequence[str] | None = None,
    blank: int = 0,
    step_ms: float = 10.0,
) -> Path:
    """Draw the features of an utterance, and below them how probable each symbol is at each time.

    A curve is named where its symbol is the most probable one: read from left to right, the names are what a greedy
    decoder hears.

    Args:
        log_probabilities: (time, symbols), natural logarithms.
        names: of the symbols.
        path: the PNG file.
        features: (frames, bands); frames may be a multiple of time.
        transcript: the symbols that were said.
        blank: the symbol that stands for nothing.
        step_ms: from frame to frame (from time to time if there are no features), milliseconds.

    Raises:
        ValueError: shapes do not agree, or there is nothing to draw.
        StorageError: the file cannot be written.
    """
    figure = phonemes_figure(
        log_probabilities, names, features=features, transcript=transcript, blank=blank, step_ms=step_ms
    )
    return save_figure(figure, Path(path))


def phonemes_figure(
    log_probabilities: np.ndarray | Tensor,
    names: Sequence[str],
    *,
    features: np.ndarray | Tensor | None = None,
    transcript: Sequence[str] | None = None,
    blank: int = 0,
    step_ms: float = 10.0,
) -> Any:
    """The figure of ``plot_phonemes``."""
    probabilities = np.exp(_array(log_probabilities))
    if probabilities.ndim != 2 or probabilities.shape[1] != len(names) or not len(probabilities):
        raise ValueError(f"log_probabilities must be (time, {len(names)}), not {probabilities.shape}")
    if not 0 <= blank < len(names):
        raise ValueError(f"blank must be one of {len(names)} symbols, not {blank}")
    shown = None if features is None else _array(features)
    if shown is not None and (shown.ndim != 2 or len(shown) < len(probabilities)):
        raise ValueError(f"features must be (frames, bands), at least {len(probabilities)} frames, not {shown.shape}")
    seconds = (len(probabilities) if shown is None else len(shown)) * step_ms / 1000
    figure = new_figure(min(14.0, max(7.0, 4.5 * seconds + 1)), 3.2 if shown is None else 5.2)
    axes = figure.subplots(1 if shown is None else 2, 1, sharex=True, squeeze=False)[:, 0]
    if shown is not None:
        extent = (0, seconds, 0, shown.shape[1])
        low, high = np.percentile(shown, (2, 99.5))
        axes[0].imshow(shown.T, aspect="auto", origin="lower", cmap="magma", extent=extent, vmin=low, vmax=high)
        axes[0].set_ylabel("feature")
    heard = _draw_probabilities(axes[-1], probabilities, names, blank, seconds)
    said = "" if transcript is None else f"said   {' '.join(transcript)}\n"
    figure.suptitle(literal(f"{said}heard  {' '.join(heard)}"), x=0.02, ha="left", fontsize=10, family="monospace")
    return figure


def _draw_probabilities(
    axis: Any, probabilities: np.ndarray, names: Sequence[str], blank: int, seconds: float
) -> list[str]:
    """Draw a curve for each symbol that becomes probable; name its peaks, and return the names in order."""
    from matplotlib import colormaps

    times = (np.arange(len(probabilities)) + 0.5) * seconds / len(probabilities)
    hues = [colormaps["tab20"](place) for place in (*range(0, 20, 2), *range(1, 20, 2))]
    shades = itertools.cycle(hues)  # neighbours are of different hues
    axis.plot(times, probabilities[:, blank], color="0.7", linestyle=":", linewidth=1)
    colours = {}
    for symbol in np.flatnonzero(probabilities.max(axis=0) >= FAINT):
        if symbol != blank:
            colours[symbol] = next(shades)
            axis.plot(times, probabilities[:, symbol], color=colours[symbol], linewidth=1.4)
            axis.fill_between(times, probabilities[:, symbol], color=colours[symbol], alpha=0.25, linewidth=0)
    heard = []
    for symbol, run in itertools.groupby(range(len(times)), key=probabilities.argmax(axis=1).__getitem__):
        if symbol != blank:
            peak = max(run, key=lambda time: probabilities[time, symbol])
            at = times[peak], probabilities[peak, symbol]
            axis.annotate(
                visible(names[symbol]), at, xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9
            )
            heard.append(names[symbol])
    ylabel = f"probability\n(dotted: {visible(names[blank])})"
    axis.set(xlabel="seconds", ylabel=ylabel, xlim=(0, seconds), ylim=(0, 1.12), yticks=(0, 0.5, 1))
    axis.grid(alpha=0.3)
    return heard


def _array(values: np.ndarray | Tensor) -> np.ndarray:
    return np.asarray(values.detach().cpu().float() if isinstance(values, Tensor) else values)
