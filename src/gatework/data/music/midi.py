"""Piano rolls from and to MIDI files, by mido (extra ``[music]``)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from gatework.data.files.sources import unreadable
from gatework.data.music.piano_rolls import HIGHEST, KEYS, LOWEST, checked_roll, outside_note
from gatework.errors import InputError
from gatework.storage import replacing

DRUMS = 9  # the channel whose notes are drums, not pitches
USUAL_TEMPO = 500_000  # microseconds a beat, where a file does not say
TICKS_PER_BEAT = 480
MOST_STEPS = 1_000_000  # a file that lasts longer is damaged


@dataclass(frozen=True, eq=False)
class MidiPiece:
    """A piece of music in even steps.

    Attributes:
        roll: the keys that sound, (time, 88) bool.
        onsets: the keys that are struck, (time, 88) bool: tells a repeated note from a held one.
        beats_per_minute: the tempo at the beginning.
        note: what was left out; empty if nothing was.
    """

    roll: np.ndarray
    onsets: np.ndarray
    beats_per_minute: float
    note: str


class _Note(NamedTuple):
    pitch: int
    begin: int  # ticks
    end: int


def read_midi(path: str | Path, *, steps_per_beat: int = 4) -> MidiPiece:
    """Read a MIDI file, all tracks together, without drums.

    A note sounds from the step nearest to its beginning until that nearest to its end, and for one step at least.
    The piece lasts until its last note ends. Pedals are not looked at.

    Args:
        path: the file.
        steps_per_beat: steps to a quarter note; 1 is the quantisation of the usual piano-roll sets.

    Raises:
        ValueError: steps_per_beat is not positive.
        InputError: the file cannot be read, is no MIDI file or damaged, has no notes; mido is not installed.
    """
    if steps_per_beat < 1:
        raise ValueError(f"steps_per_beat must be positive, not {steps_per_beat}")
    path = Path(path)
    file = _parsed(path)
    events = list(_timed(file.tracks))
    drums = sum(
        message.type == "note_on" and message.velocity > 0 and message.channel == DRUMS for _, message in events
    )
    notes = list(_notes(events))
    on_piano = [note for note in notes if LOWEST <= note.pitch <= HIGHEST]
    if not on_piano:
        raise InputError(f"{path} has no notes for a piano", "give a file with notes between A0 and C8")
    roll, onsets = _drawn(on_piano, steps_per_beat, file.ticks_per_beat, path)
    tempos = [message.tempo for _, message in events if message.type == "set_tempo"]
    said = [outside_note(len(notes) - len(on_piano)), f"{drums} drum notes left out" * bool(drums)]
    return MidiPiece(roll, onsets, 6e7 / max(1, (tempos or [USUAL_TEMPO])[0]), ", ".join(filter(None, said)))


def write_midi(
    path: str | Path,
    roll: np.ndarray,
    *,
    steps_per_beat: int = 4,
    beats_per_minute: float = 100.0,
    onsets: np.ndarray | None = None,
    velocity: int = 80,
) -> Path:
    """Write a piano roll as a MIDI file of one track, whole or not at all. Return where.

    Args:
        path: the file.
        roll: the keys that sound, (time, 88) bool.
        steps_per_beat: steps to a quarter note.
        beats_per_minute: the tempo.
        onsets: the keys that are struck anew, (time, 88) bool; a key that goes on sounding is held where it is not
            struck. None: all are held. The roll itself: all are repeated at each step.
        velocity: how hard keys are struck, 1-127.

    Raises:
        ValueError: an argument is out of range.
        InputError: mido is not installed.
        StorageError: the file cannot be written.
    """
    roll = checked_roll(roll)
    struck = np.zeros_like(roll) if onsets is None else checked_roll(onsets, "onsets")
    if struck.shape != roll.shape:
        raise ValueError(f"onsets must be {roll.shape} as the roll, not {struck.shape}")
    if not 1 <= steps_per_beat <= TICKS_PER_BEAT or not 4 <= beats_per_minute <= 10_000 or not 1 <= velocity <= 127:
        raise ValueError(f"out of range: {steps_per_beat=}, {beats_per_minute=}, {velocity=}")
    mido = _mido()
    ticks = round(TICKS_PER_BEAT / steps_per_beat)  # of a step
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=round(6e7 / beats_per_minute))])
    now = 0
    for step, kind, pitch in _changes(roll, struck):
        loud = velocity if kind == "note_on" else 0
        track.append(mido.Message(kind, note=pitch, velocity=loud, time=(step - now) * ticks))
        now = step
    track.append(mido.MetaMessage("end_of_track", time=(len(roll) - now) * ticks))
    with replacing(Path(path)) as beside:
        mido.MidiFile(type=0, ticks_per_beat=ticks * steps_per_beat, tracks=[track]).save(beside)
    return Path(path)


def _mido() -> ModuleType:
    try:
        import mido
    except ImportError as error:
        raise InputError("mido, which MIDI files need, is not installed", "pip install 'gatework[music]'") from error
    return mido


def _parsed(path: Path) -> Any:
    mido = _mido()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        file = mido.MidiFile(file=io.BytesIO(content))
    except (OSError, EOFError, ValueError, TypeError, LookupError, mido.KeySignatureError) as error:
        reason = str(error) or "it ends too early"
        raise InputError(f"{path} is no MIDI file or damaged ({reason})", "give a standard MIDI file") from error
    if file.type not in (0, 1) or file.ticks_per_beat < 1:
        raise InputError(f"{path} has no common beat (type {file.type}, SMPTE time)", "save it as MIDI of type 0 or 1")
    return file


def _timed(tracks: Iterable[Iterable[Any]]) -> Iterator[tuple[int, Any]]:
    """The messages of all tracks in order, with the tick of each; what ends comes before what begins."""
    every = []
    for track in tracks:
        now = 0
        for message in track:
            now += message.time
            every.append((now, message))
    return iter(sorted(every, key=lambda timed: (timed[0], timed[1].type == "note_on" and timed[1].velocity > 0)))


def _notes(events: Iterable[tuple[int, Any]]) -> Iterator[_Note]:
    """Notes with their ends; a key struck while it sounds ends the note before, what never ends does at the last."""
    sounding: dict[tuple[int, int], int] = {}
    now = 0
    for now, message in events:
        if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
            continue
        key = (message.channel, message.note)
        if key in sounding:
            yield _Note(message.note, sounding.pop(key), now)
        if message.type == "note_on" and message.velocity > 0:
            sounding[key] = now
    for (_, pitch), begin in sounding.items():
        yield _Note(pitch, begin, now)


def _drawn(notes: list[_Note], steps_per_beat: int, ticks_per_beat: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    def step(tick: int) -> int:
        return (2 * tick * steps_per_beat + ticks_per_beat) // (2 * ticks_per_beat)

    spans = [(note.pitch - LOWEST, step(note.begin), max(step(note.begin) + 1, step(note.end))) for note in notes]
    length = max(end for _, _, end in spans)
    if length > MOST_STEPS:
        raise InputError(f"{path} lasts {length} steps", "take fewer steps a beat, or mend the file")
    roll, onsets = np.zeros((length, KEYS), bool), np.zeros((length, KEYS), bool)
    for key, begin, end in spans:
        roll[begin:end, key] = True
        onsets[begin, key] = True
    return roll, onsets


def _changes(roll: np.ndarray, struck: np.ndarray) -> Iterator[tuple[int, str, int]]:
    """Where keys go up and down, in order: (step, kind of message, pitch); the end of the roll is a step too."""
    nothing = np.zeros((1, KEYS), bool)
    before, after = np.concatenate([nothing, roll]), np.concatenate([roll, nothing])
    begins = after & (~before | np.concatenate([struck, nothing]))
    ends = before & (~after | begins)
    for step in range(len(after)):
        for kind, keys in (("note_off", ends[step]), ("note_on", begins[step])):
            for key in np.flatnonzero(keys):
                yield step, kind, int(key) + LOWEST
