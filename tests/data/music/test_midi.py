"""MIDI files: bytes written by hand from the standard read as the notes that they say, and back again."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gatework.data.music.midi import read_midi, write_midi
from gatework.data.music.piano_rolls import KEYS, pitches_of
from gatework.errors import InputError, StorageError

BEAT = 96  # ticks
End = bytes([0xFF, 0x2F, 0])


def delta(ticks: int) -> bytes:
    """A number of variable length: seven bits a byte, the first bit set in all but the last."""
    made = bytes([ticks & 127])
    while ticks := ticks >> 7:
        made = bytes([ticks & 127 | 128]) + made
    return made


def midi(*tracks: list[tuple[int, bytes]], beat: int = BEAT, kind: int = 1) -> bytes:
    """A file of tracks, each a list of (tick, message)."""
    content = b"MThd" + struct.pack(">IHHh", 6, kind, len(tracks), beat)
    for track in tracks:
        body, now = b"", 0
        for tick, message in track:
            body += delta(tick - now) + message
            now = tick
        content += b"MTrk" + struct.pack(">I", len(body) + 4) + body + b"\0" + End
    return content


def on(pitch: int, channel: int = 0, velocity: int = 77) -> bytes:
    return bytes([0x90 | channel, pitch, velocity])


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes([0x80 | channel, pitch, 0])


def read(folder: Path, content: bytes, **options: int):
    (folder / "piece.mid").write_bytes(content)
    return read_midi(folder / "piece.mid", **options)


CHORD = midi(
    [
        (0, bytes([0xFF, 0x51, 3]) + (400_000).to_bytes(3, "big")),
        (0, on(60)),
        (96, off(60)),
        (96, on(62)),
        (192, off(62)),
    ],
    [(48, on(40, 3)), (144, on(40, 3, 0)), (150, on(40, 3)), (290, off(40, 3))],
)


def test_notes_sound_from_beginning_to_end(tmp_path: Path) -> None:
    piece = read(tmp_path, CHORD, steps_per_beat=2)
    assert pitches_of(piece.roll) == [[60], [40, 60], [40, 62], [40, 62], [40], [40]]
    assert pitches_of(piece.onsets) == [[60], [40], [62], [40], [], []]
    assert piece.beats_per_minute == pytest.approx(150)
    assert piece.note == ""
    quarters = read(tmp_path, CHORD, steps_per_beat=1)
    assert pitches_of(quarters.roll) == [[60], [40, 62], [40]]
    assert pitches_of(read(tmp_path, midi([(0, on(60)), (96, off(60))]), steps_per_beat=4).roll) == [[60]] * 4


def test_what_begins_where_it_ends_is_struck_again(tmp_path: Path) -> None:
    """Repeated with an end before, at the same tick in the wrong order, or with no end at all."""
    for track in (
        [(0, on(60)), (96, off(60)), (96, on(60)), (192, off(60))],
        [(0, on(60)), (96, on(60)), (96, off(60)), (192, off(60))],
        [(0, on(60)), (96, on(60)), (192, off(60))],
        [(0, on(60)), (96, on(60)), (192, on(30)), (193, off(30))],  # the last never ends: it does with the track
    ):
        piece = read(tmp_path, midi(track), steps_per_beat=1)
        assert pitches_of(piece.roll)[:2] == [[60], [60]]
        assert pitches_of(piece.onsets)[:2] == [[60], [60]]


def test_short_notes_and_late_beginnings(tmp_path: Path) -> None:
    piece = read(tmp_path, midi([(96 * 2 - 5, on(21)), (96 * 2 - 1, off(21))]), steps_per_beat=1)
    assert pitches_of(piece.roll) == [[], [], [21]]
    far = midi([(0, on(108)), (10, off(108)), (96 * 200, on(30)), (96 * 200 + 96, off(30))])
    assert len(read(tmp_path, far, steps_per_beat=3).roll) == 603
    with pytest.raises(InputError, match="lasts 1000001 steps"):
        read(tmp_path, midi([(0, on(60)), (96 * 1_000_000 + 96, off(60))]), steps_per_beat=1)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    content = midi(
        [(0, on(20)), (0, on(109)), (0, on(36, 9)), (0, on(60)), (96, off(20)), (96, off(109)), (96, off(60))]
    )
    piece = read(tmp_path, content, steps_per_beat=1)
    assert pitches_of(piece.roll) == [[60]]
    assert piece.note == "2 notes outside the piano (MIDI 21-108) left out, 1 drum notes left out"
    assert piece.beats_per_minute == 120  # what holds where a file does not say


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "too early"),
        (b"a text", "no MIDI file"),
        (CHORD[:-9], "too early"),
        (CHORD[:13], "damaged"),
        (CHORD.replace(on(62), bytes([0x90, 62, 200])), "damaged"),
        (CHORD.replace(b"MTrk", b"MTrx"), "damaged|no notes"),
        (midi(), "no notes"),
        (midi([(0, on(36, 9))]), "no notes"),
        (midi([(0, on(20)), (9, off(20))]), "no notes for a piano"),
        (midi([(0, on(60)), (9, off(60))], beat=-6400), "no common beat"),
        (midi([(0, on(60)), (9, off(60))], kind=2), "no common beat"),
        (midi([(0, bytes([0xFF, 0x59, 2, 99, 0])), (0, on(60))]), "damaged"),
    ],
)
def test_what_is_no_midi_file_is_named(tmp_path: Path, content: bytes, cause: str) -> None:
    with pytest.raises(InputError, match=rf"piece\.mid.*({cause})"):
        read(tmp_path, content)


def test_damaged_files_are_read_or_refused_but_never_crash(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    refused = 0
    for _ in range(300):
        damaged = bytearray(CHORD)
        for place in generator.integers(len(CHORD), size=generator.integers(1, 4)):
            damaged[place] = generator.integers(256)
        try:
            read(tmp_path, bytes(damaged[: generator.integers(1, 2 * len(CHORD))]))
        except InputError:
            refused += 1
    assert 100 < refused < 300


ROLLS = arrays(bool, st.tuples(st.integers(1, 13), st.just(KEYS)), elements=st.booleans(), fill=st.just(False))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROLLS, ROLLS, st.sampled_from([1, 2, 3, 4, 7, 12]))
def test_what_is_written_is_read(tmp_path: Path, roll: np.ndarray, struck: np.ndarray, steps_per_beat: int) -> None:
    roll[-1, 5] = True  # rests at the end are not read
    struck = np.resize(struck, roll.shape) & roll
    begins = roll & ~np.concatenate([np.zeros((1, KEYS), bool), roll[:-1]])
    path = tmp_path / "made" / "piece.mid"
    for onsets, expected in [(None, begins), (roll, roll), (struck, struck | begins)]:
        write_midi(path, roll, steps_per_beat=steps_per_beat, beats_per_minute=90, onsets=onsets)
        piece = read_midi(path, steps_per_beat=steps_per_beat)
        np.testing.assert_array_equal(piece.roll, roll)
        np.testing.assert_array_equal(piece.onsets, expected)
        assert piece.beats_per_minute == pytest.approx(90, rel=1e-5)


def test_held_notes_are_written_once(tmp_path: Path) -> None:
    roll = np.zeros((5, KEYS), bool)
    roll[1:4, 60 - 21] = True
    written = list(mido.MidiFile(write_midi(tmp_path / "a.mid", roll, steps_per_beat=2)).tracks[0])
    assert [(m.type, m.time) for m in written] == [
        ("set_tempo", 0), ("note_on", 240), ("note_off", 720), ("end_of_track", 240),
    ]  # fmt: skip
    assert {m.note for m in written[1:3]} == {60}
    repeated = mido.MidiFile(write_midi(tmp_path / "a.mid", roll, steps_per_beat=2, onsets=roll)).tracks[0]
    assert [m.type for m in repeated].count("note_on") == 3


def test_wrong_arguments_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roll = np.ones((2, KEYS), bool)
    for wrong, options in [
        (roll[:, 1:], {}), (roll[0], {}), (roll * 2, {}), (roll[:0], {}), (roll, {"onsets": roll[:1]}),
        (roll, {"steps_per_beat": 0}), (roll, {"velocity": 128}), (roll, {"beats_per_minute": 1}),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=r"must|out of range"):
            write_midi(tmp_path / "a.mid", wrong, **options)
    with pytest.raises(ValueError, match="steps_per_beat"):
        read_midi(tmp_path / "a.mid", steps_per_beat=0)
    with pytest.raises(InputError, match=r"cannot read .*a\.mid"):
        read_midi(tmp_path / "a.mid")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        write_midi(tmp_path / "file" / "a.mid", roll)
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(InputError, match=r"pip install 'gatework\[music\]'"):
        write_midi(tmp_path / "a.mid", roll)
