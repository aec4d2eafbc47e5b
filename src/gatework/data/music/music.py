"""Pieces of music as piano rolls, from whatever file or folder holds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gatework.data.music.midi import read_midi
from gatework.data.music.piano_rolls import outside_note
from gatework.data.music.roll_files import PARTS, WHOLE, Parts, read_csv_roll, read_json_rolls, read_mat
from gatework.errors import InputError

MIDI_SUFFIXES = (".mid", ".midi")
SUFFIXES = (".mat", ".json", ".csv", *MIDI_SUFFIXES)


@dataclass(frozen=True, eq=False)
class Rolls:
    """Pieces of music, in the parts in which their source divides them.

    Attributes:
        parts: ``train``, ``validation`` and ``test`` where the source says which is which, else ``all``; each a list
            of pieces, (time, 88) bool.
        notes: what was left out, a line for each file.
    """

    parts: dict[str, list[np.ndarray]]
    notes: tuple[str, ...] = ()

    @property
    def pieces(self) -> list[np.ndarray]:
        """Those of all parts."""
        return [piece for part in self.parts.values() for piece in part]


def read_rolls(source: str | Path, *, steps_per_beat: int = 4) -> Rolls:
    """Read pieces of music.

    Args:
        source: a .mat file with ``traindata``, ``validdata`` and ``testdata``; a JSON file of the pitches at each
            step (a piece, a list of pieces, or an object of lists by the names train, valid and test); a CSV file of
            a piece, one step a line; a MIDI file; or a folder of such files of one piece, which may be in folders
            called train, valid and test.
        steps_per_beat: steps to a quarter note, for MIDI files.

    Raises:
        InputError: there is no such file, it holds no music or is damaged, or the extra [music] is not installed.
    """
    source = Path(source)
    if not source.is_dir():
        return _file(source, steps_per_beat)
    places = {name: source / name for name in PARTS if (source / name).is_dir()} or {WHOLE: source}
    parts: Parts = {}
    notes: list[str] = []
    for name, place in places.items():
        pieces = parts.setdefault(PARTS.get(name, name), [])
        for path in sorted(place.rglob("*")):
            if path.suffix.lower() in (".csv", *MIDI_SUFFIXES):
                rolls = _file(path, steps_per_beat)
                pieces += rolls.parts[WHOLE]
                notes += rolls.notes
        if not pieces:
            raise InputError(f"{place} holds no music", "give a folder of MIDI or CSV files")
    return Rolls(parts, tuple(notes))


def _file(path: Path, steps_per_beat: int) -> Rolls:
    suffix = path.suffix.lower()
    note = ""
    parts: Parts
    if suffix == ".mat":
        parts = read_mat(path)
    elif suffix == ".json":
        parts, outside = read_json_rolls(path)
        note = outside_note(outside)
    elif suffix == ".csv":
        roll, outside = read_csv_roll(path)
        parts, note = {WHOLE: [roll]}, outside_note(outside)
    elif suffix in MIDI_SUFFIXES:
        piece = read_midi(path, steps_per_beat=steps_per_beat)
        parts, note = {WHOLE: [piece.roll]}, piece.note
    else:
        raise InputError(f"{path} is no file of music", f"give a folder or a file in {', '.join(SUFFIXES)}")
    rolls = Rolls(parts, (f"{path}: {note}",) if note else ())
    if not any(piece.any() for piece in rolls.pieces):
        raise InputError(f"{path} has no notes for a piano", "give MIDI pitches from 21 to 108")
    return rolls
