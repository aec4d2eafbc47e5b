"""What a music model wrote, as a file of the kind that its name says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gatework.data.music.midi import write_midi
from gatework.data.music.roll_files import write_csv_roll
from gatework.errors import InputError
from gatework.insight.rolls import plot_rolls
from gatework.settings import MusicGeneration


@dataclass(frozen=True, eq=False)
class Tune:
    """A piece with its tempo.

    Attributes:
        roll: the keys that sound, (time, 88) bool.
        steps_per_beat: steps to a quarter note.
        tempo: beats a minute.
    """

    roll: np.ndarray
    steps_per_beat: int
    tempo: float


def _midi(target: Path, tune: Tune) -> Path:
    return write_midi(target, tune.roll, steps_per_beat=tune.steps_per_beat, beats_per_minute=tune.tempo)


WRITERS: dict[str, Callable[[Path, Tune], Path]] = {
    ".mid": _midi,
    ".midi": _midi,
    ".csv": lambda target, tune: write_csv_roll(target, tune.roll),
    ".png": lambda target, tune: plot_rolls([tune.roll], target),
}
"""Suffix -> what writes such a file."""


def check_target(options: MusicGeneration) -> Path | None:
    """Where a tune is to be written, seen to be possible before anything is drawn; None for standard output.

    Raises:
        InputError: there is no such kind of file, or the file exists and may not be replaced.
    """
    if options.output is None:
        return None
    target = Path(options.output)
    if target.suffix.lower() not in WRITERS:
        raise InputError(f"{target} is no kind of file that music is written to", f"end it in {', '.join(WRITERS)}")
    if target.exists() and not options.overwrite:
        raise InputError(f"{target} is there already", "name another file, or add --overwrite")
    return target


def write_tune(target: Path, tune: Tune) -> Path:
    """Write a file, whole or not at all; return where.

    Raises:
        InputError: mido, which MIDI files need, is not installed.
        StorageError: the file cannot be written.
    """
    return WRITERS[target.suffix.lower()](target, tune)
