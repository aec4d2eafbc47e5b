"""Piano rolls as pictures: every bar is a run of a key, and stands at the name of its pitch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gatework.data.music.piano_rolls import roll_of
from gatework.errors import StorageError
from gatework.insight.rolls import pitch_name, plot_rolls, rolls_figure

FIRST, _ = roll_of([[60, 64], [60], [], [60, 67], [67]])
LONG = np.random.default_rng(3).random((300, 88)) < 0.1


def bars(axis) -> set[tuple[float, float, float]]:
    """(pitch, begin, length) of what is drawn."""
    found = set()
    for collection in axis.collections:
        for path in collection.get_paths():
            (left, low), (right, high) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            found.add((round((low + high) / 2, 6), left, right - left))
    return found


def test_bars_are_the_runs_of_keys() -> None:
    figure = rolls_figure([FIRST, LONG], ["a $5 song"])
    first, long = figure.axes
    assert bars(first) == {(60, 0, 2), (60, 3, 1), (64, 0, 1), (67, 3, 2)}
    assert sum(length for _, _, length in bars(long)) == LONG[:256].sum()
    assert first.get_title(loc="left") == r"a \$5 song"
    assert long.get_xlabel() == "step"
    assert first.get_xlim() == (0, 256)


def test_pitches_are_named() -> None:
    names = {21: "A0", 60: "C4", 61: "C\u266f4", 69: "A4", 70: "B\u266d4", 108: "C8"}
    assert {pitch: pitch_name(pitch) for pitch in names} == names
    (axis,) = rolls_figure([FIRST]).axes
    ticks = dict(zip(axis.get_yticks(), (label.get_text() for label in axis.get_yticklabels()), strict=True))
    assert ticks == {60: "C4", 64: "E4", 67: "G4"}
    low, high = axis.get_ylim()
    assert low < 59
    assert high > 68
    (wide,) = rolls_figure([LONG]).axes
    assert [label.get_text() for label in wide.get_yticklabels()] == [f"C{octave}" for octave in range(1, 9)]
    assert wide.get_ylim() == (20.5, 108.5)


@pytest.mark.parametrize("roll", [np.zeros((3, 88), bool), np.ones((1, 88), bool), np.eye(88, dtype=bool)[:, ::-1]])
def test_silence_clusters_and_scales_can_be_drawn(tmp_path: Path, roll: np.ndarray) -> None:
    target = plot_rolls([roll], tmp_path / "plots" / "roll.png", titles=["x"])
    assert target.read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    for rolls, titles in [([], []), ([FIRST], ["a", "b"]), ([FIRST[:, :80]], [])]:
        with pytest.raises(ValueError, match=r"rolls|roll must be"):
            rolls_figure(rolls, titles)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        plot_rolls([FIRST], tmp_path / "file" / "a.png")
