"""Pieces of music as examples: read, divided, cut, and how the trained ones begin."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from gatework.data.dataset import Dataset, divided, make_dataset
from gatework.data.music.music import Rolls, read_rolls
from gatework.data.music.piano_rolls import HIGHEST, KEYS, LOWEST, pitches_of
from gatework.data.music.roll_files import WHOLE
from gatework.errors import DamagedFileError, InputError
from gatework.settings import STANDARD_INPUT
from gatework.settings.tasks.music import MusicData

MOST_OPENINGS = 256
RESTORE = "restore the folder, or train it anew"


class Piece(NamedTuple):
    """A piece of music.

    Attributes:
        roll: the keys that sound, (time, 88) bool.
    """

    roll: np.ndarray


@dataclass(frozen=True)
class RollCodec:
    """What the steps of a piano roll mean, and what the training pieces are like.

    Attributes:
        steps_per_beat: steps to a quarter note.
        frequencies: the share of steps at which each of the 88 keys sounds, neither 0 nor 1.
        openings: MIDI pitches of the first steps of pieces, from low to high.
    """

    FILE: ClassVar[str] = "rolls.json"

    steps_per_beat: int
    frequencies: tuple[float, ...]
    openings: tuple[tuple[int, ...], ...]

    @classmethod
    def build(cls, pieces: Sequence[Piece], steps_per_beat: int) -> Self:
        """Count the keys of training pieces, at least one; a key that never sounds may still do so some time."""
        sounding = np.zeros(KEYS) + sum(piece.roll.sum(axis=0) for piece in pieces)
        steps = sum(len(piece.roll) for piece in pieces)
        openings = dict.fromkeys(tuple(pitches_of(piece.roll[:1])[0]) for piece in pieces)
        frequencies = ((sounding + 0.5) / (steps + 1)).tolist()
        return cls(steps_per_beat, tuple(frequencies), tuple(openings)[:MOST_OPENINGS])

    def to_json(self) -> Any:
        """Return what ``from_json`` reads."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            steps, frequencies = value["steps_per_beat"], tuple(value["frequencies"])
            openings = tuple(tuple(chord) for chord in value["openings"])
        except (TypeError, KeyError) as error:
            raise DamagedFileError(f"it describes no piano rolls ({error!r})", RESTORE) from error
        if type(steps) is not int or steps < 1 or len(frequencies) != KEYS or not openings:
            raise DamagedFileError("it describes no piano rolls", RESTORE)
        if not all(isinstance(share, float) and 0 < share < 1 for share in frequencies):
            raise DamagedFileError("it has frequencies that are no shares", RESTORE)
        if not all(type(pitch) is int and LOWEST <= pitch <= HIGHEST for chord in openings for pitch in chord):
            raise DamagedFileError("it has pitches that no piano has", RESTORE)
        return cls(steps, frequencies, openings)


PieceData = Dataset[Piece, RollCodec]


def load_pieces(
    config: MusicData, *, codec: RollCodec | None = None, progress: Callable[[int, int | None], None] | None = None
) -> PieceData:
    """Read pieces of music and divide them, as their source does or at random.

    A part that no source has, and that has no files of its own, is held out of what there is to train on. Pieces of
    one step have nothing to predict and are left out.

    Args:
        config: which, and how.
        codec: that of a trained model; all pieces are then in the part ``train``, whole, but of a source that is
            divided into parts only those of its test part.
        progress: told how many sources were read and how many there are.

    Raises:
        InputError: they cannot be read, hold no music, or nothing is left to train on.
    """
    if not config.sources or STANDARD_INPUT in config.sources:
        raise InputError("music is read from files", "name .mat, MIDI, JSON or CSV files, or folders of them")
    notes: list[str] = []
    parts: dict[str, list[np.ndarray]] = {"train": [], "validation": [], "test": []}
    for number, source in enumerate(config.sources):
        if progress is not None:
            progress(number, len(config.sources))
        found = _read(source, config, notes).parts
        if codec is not None and found.get("test"):  # the other parts may be what the model was trained on
            notes.append(f"{source} is divided into parts: only its test part is taken")
            found = {"test": found["test"]}
        for part, pieces in found.items():
            parts["train" if codec is not None or part == WHOLE else part] += pieces
    if codec is None:
        parts = _held_out(parts, config, notes)
    made = {part: _long_enough(pieces, part, notes) for part, pieces in parts.items()}
    if codec is None:
        whole = _not_too_long(made["train"], config.max_length, notes)
        codec = RollCodec.build(whole, config.steps_per_beat)
        made["train"] = _cut(whole, config.max_steps)
    name = Path(config.sources[0]).name + (" and others" if len(config.sources) > 1 else "")
    return make_dataset((made["train"], made["validation"], made["test"]), codec, config, name, notes)


def _read(source: str, config: MusicData, notes: list[str]) -> Rolls:
    rolls = read_rolls(source, steps_per_beat=config.steps_per_beat)
    notes.extend(rolls.notes)
    return rolls


def _held_out(parts: dict[str, list[np.ndarray]], config: MusicData, notes: list[str]) -> dict[str, list[np.ndarray]]:
    """The three parts: of files of their own where given, of the sources where these have them, else by shares."""
    found = dict(parts)
    for part, sources in (("validation", config.validation_data), ("test", config.test_data)):
        if sources:
            read = [_read(source, config, notes) for source in sources]
            found[part] = [roll for rolls in read for roll in rolls.parts.get(part) or rolls.pieces]
    shares = {part: 0.0 for part in ("validation", "test") if found[part]}
    train, *held = divided(parts["train"], config.model_copy(update=shares))
    return {"train": train, "validation": found["validation"] + held[0], "test": found["test"] + held[1]}


def _long_enough(rolls: Sequence[np.ndarray], part: str, notes: list[str]) -> list[Piece]:
    pieces = [Piece(roll) for roll in rolls if len(roll) > 1]
    if len(pieces) < len(rolls):
        notes.append(f"{len(rolls) - len(pieces)} of {len(rolls)} {part} pieces have one step and are left out")
    return pieces


def _not_too_long(pieces: list[Piece], most: int | None, notes: list[str]) -> list[Piece]:
    kept = [piece for piece in pieces if most is None or len(piece.roll) <= most]
    if len(kept) < len(pieces):
        notes.append(f"{len(pieces) - len(kept)} training pieces of more than {most} steps are left out")
    return kept


def _cut(pieces: list[Piece], most: int | None) -> list[Piece]:
    """Pieces of ``most`` predicted steps, each beginning with the step that the one before ended with."""
    if most is None:
        return pieces
    return [
        Piece(piece.roll[first : first + most + 1]) for piece in pieces for first in range(0, len(piece.roll) - 1, most)
    ]
