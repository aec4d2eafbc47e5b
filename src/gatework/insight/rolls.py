"""Pictures of piano rolls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.music.piano_rolls import HIGHEST, LOWEST, checked_roll
from gatework.insight.figure import literal, new_figure, save_figure

STEPS = 256
SHARP, FLAT = "\N{MUSIC SHARP SIGN}", "\N{MUSIC FLAT SIGN}"
OCTAVE = ("C", f"C{SHARP}", "D", f"E{FLAT}", "E", "F", f"F{SHARP}", "G", f"A{FLAT}", "A", f"B{FLAT}", "B")
BLACK = (1, 3, 6, 8, 10)  # keys of an octave


def plot_rolls(rolls: Sequence[np.ndarray], target: str | Path, *, titles: Sequence[str] = ()) -> Path:
    """Draw piano rolls below each other: keys with their names upwards, steps to the right.

    A key that sounds on is one bar. At most ``STEPS`` steps are drawn, and the range of pitches that sound.

    Args:
        rolls: (time, 88) bool each.
        target: the PNG file.
        titles: of the rolls, in order.

    Raises:
        ValueError: there is no roll, one is none, or there are more titles than rolls.
        StorageError: the file cannot be written.
    """
    return save_figure(rolls_figure(rolls, titles), Path(target))


def rolls_figure(rolls: Sequence[np.ndarray], titles: Sequence[str] = ()) -> Any:
    """The figure of ``plot_rolls``."""
    if not rolls or len(titles) > len(rolls):
        raise ValueError(f"there are {len(rolls)} rolls and {len(titles)} titles")
    shown = [checked_roll(np.asarray(roll))[:STEPS] for roll in rolls]
    low, high = _range(shown)
    longest = max(map(len, shown))
    height = 0.085 * (high - low + 1) + 0.55
    figure = new_figure(min(14.0, max(6.0, 0.09 * longest + 2)), len(shown) * height + 0.3)
    axes = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for place, (axis, roll) in enumerate(zip(axes, shown, strict=True)):
        _draw_keyboard(axis, low, high)
        for pitch, spans in _bars(roll):
            axis.broken_barh(spans, (pitch - 0.45, 0.9), facecolor="tab:blue", edgecolor="white", linewidth=0.6)
        axis.axvspan(len(roll), longest, color="0.85", linewidth=0)  # past its end
        axis.set(xlim=(0, longest), ylim=(low - 0.5, high + 0.5))
        if place < len(titles):
            axis.set_title(literal(titles[place]), loc="left", fontsize=10)
    axes[-1].set_xlabel("step")
    return figure


def pitch_name(pitch: int) -> str:
    """The name of a MIDI pitch; 60 is C4, the C in the middle of the keyboard."""
    return f"{OCTAVE[pitch % 12]}{pitch // 12 - 1}"


def _range(rolls: Sequence[np.ndarray]) -> tuple[int, int]:
    """The pitches from below the lowest to above the highest that sounds, an octave at least."""
    sounding = np.flatnonzero(np.concatenate(rolls).any(axis=0)) + LOWEST
    low, high = (int(sounding[0]) - 2, int(sounding[-1]) + 2) if len(sounding) else (60, 72)
    missing = max(0, 12 - (high - low))
    return max(LOWEST, low - missing // 2), min(HIGHEST, high + (missing + 1) // 2)


def _draw_keyboard(axis: Any, low: int, high: int) -> None:
    """The rows of black keys are shaded; a line and a name stand at each C, smaller names where there is room."""
    for pitch in range(low, high + 1):
        if pitch % 12 in BLACK:
            axis.axhspan(pitch - 0.5, pitch + 0.5, color="0.94", linewidth=0)
        elif pitch % 12 == 0:
            axis.axhline(pitch - 0.5, color="0.75", linewidth=0.8)
    named = [pitch for pitch in range(low, high + 1) if pitch % 12 in ((0, 4, 7) if high - low < 40 else (0,))]
    axis.set_yticks(named, [pitch_name(pitch) for pitch in named], fontsize=8)
    axis.grid(axis="x", alpha=0.3)
    axis.set_axisbelow(True)


def _bars(roll: np.ndarray) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Pitches that sound, each with its (begin, length)s."""
    edges = np.diff(np.pad(roll.astype(np.int8), ((1, 1), (0, 0))), axis=0)
    for key in np.flatnonzero(roll.any(axis=0)):
        begins, ends = np.flatnonzero(edges[:, key] == 1), np.flatnonzero(edges[:, key] == -1)
        yield int(key) + LOWEST, [(int(b), int(e - b)) for b, e in zip(begins, ends, strict=True)]
