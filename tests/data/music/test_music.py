"""Piano rolls from every kind of file say the same music; what is none is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from gatework.data.music.matlab import read_cells
from gatework.data.music.midi import write_midi
from gatework.data.music.music import read_rolls
from gatework.data.music.piano_rolls import KEYS, pitches_of, roll_of
from gatework.errors import InputError

STEPS = [[60, 64, 67], [60], [], [21, 108]]
ROLL, _ = roll_of(STEPS)


def write_mat(path: Path, **changes: object) -> Path:
    generator = np.random.default_rng(5)
    parts = {}
    for name, lengths in {"traindata": (7, 3, 11), "validdata": (5,), "testdata": (2, 13)}.items():
        cells = np.empty((1, len(lengths)), object)
        for place, length in enumerate(lengths):
            cells[0, place] = (generator.random((length, KEYS)) < 0.1).astype(np.uint8)
        parts[name] = cells
    scipy.io.savemat(path, {**parts, **changes}, appendmat=False)
    return path


def test_rolls_and_pitches_are_each_others_inverse() -> None:
    assert ROLL.shape == (4, 88)
    assert ROLL.sum() == 6
    assert ROLL[3, 0]
    assert ROLL[3, 87]
    assert pitches_of(ROLL) == STEPS
    roll, outside = roll_of([[20, 60], [109, -1]])
    assert pitches_of(roll) == [[60], []]
    assert outside == 3


def test_mat_files_are_read(tmp_path: Path) -> None:
    rolls = read_rolls(write_mat(tmp_path / "set.mat"))
    assert {part: [len(piece) for piece in pieces] for part, pieces in rolls.parts.items()} == {
        "train": [7, 3, 11], "validation": [5], "test": [2, 13],
    }  # fmt: skip
    generator = np.random.default_rng(5)
    for pieces in rolls.parts.values():
        for piece in pieces:
            assert piece.dtype == bool
            np.testing.assert_array_equal(piece, generator.random(piece.shape) < 0.1)
    assert rolls.notes == ()


def cells_of(value: np.ndarray) -> np.ndarray:
    cells = np.empty((1, 1), object)
    cells[0, 0] = value
    return cells


@pytest.mark.parametrize(
    ("cell", "cause"),
    [
        (np.zeros((3, 87)), r"testdata must be \(time, 88\), not \(3, 87\)"),
        (np.zeros((0, 88)), "testdata must be"),
        (np.full((3, 88), 2), "testdata must hold 1 where a key sounds"),
        (np.full((3, 88), np.nan), "testdata must hold 1"),
        (np.zeros((3, 88, 2)), "testdata must be"),
        (np.array(["a text"]), "something else than numbers"),
        ({"a": np.zeros((3, 88))}, "something else than numbers"),
    ],
)
def test_cells_that_are_no_rolls_are_named(tmp_path: Path, cell: np.ndarray, cause: str) -> None:
    with pytest.raises(InputError, match=rf"set\.mat.*{cause}"):
        read_rolls(write_mat(tmp_path / "set.mat", testdata=cells_of(cell)))


def test_files_that_are_no_mat_files_are_named(tmp_path: Path) -> None:
    path = write_mat(tmp_path / "set.mat")
    content = path.read_bytes()
    for damaged in (
        b"",
        b"text",
        content[:100],
        content[:128] + b"\7" * 60,
        b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM",
    ):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"set\.mat"):
            read_rolls(path)
    scipy.io.savemat(path, {"traindata": np.zeros((1, 1))})
    with pytest.raises(InputError, match="no cells 'traindata'"):
        read_rolls(path)
    with pytest.raises(InputError, match=r"cannot read .*none\.mat"):
        read_rolls(tmp_path / "none.mat")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "i4", "i8", "f4", "f8", "bool"])
def test_cells_are_those_that_scipy_writes_and_reads(tmp_path: Path, kind: str, compressed: bool) -> None:
    cells = np.empty((2, 3), object)
    for place in np.ndindex(2, 3):
        shape = (1 + 2 * place[0], 2 + 3 * place[1])
        cells[place] = np.random.default_rng(place).integers(2, size=shape).astype(kind)
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, {"other": np.ones(3), "a_name": cells, "text": "hello"}, do_compression=compressed)
    (name, found), *_ = read_cells(path.read_bytes()).items()
    assert name == "a_name"
    expected = scipy.io.loadmat(path)["a_name"].ravel(order="F")
    for own, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(own, theirs)


def test_damaged_mat_files_are_read_or_refused_but_never_crash(tmp_path: Path) -> None:
    content, generator, refused = write_mat(tmp_path / "set.mat").read_bytes(), np.random.default_rng(3), 0
    for _ in range(200):
        damaged = bytearray(content)
        for place in 128 + generator.integers(500, size=2):
            damaged[place] = generator.integers(256)
        (tmp_path / "set.mat").write_bytes(damaged)
        try:
            read_rolls(tmp_path / "set.mat")
        except InputError:
            refused += 1
    assert 50 < refused < 200


def test_every_other_form_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(STEPS))
    (tmp_path / "b.csv").write_text("note0,note1,note2\n60,64,67\n60,0,-1\n,,\n21,108\n")
    (tmp_path / "c.csv").write_text("60,64,67\n60\n\n108, 21\n")
    write_midi(tmp_path / "d.MID", ROLL, steps_per_beat=3)
    for name in ("a.json", "b.csv", "c.csv", "d.MID"):
        rolls = read_rolls(tmp_path / name, steps_per_beat=3)
        assert list(rolls.parts) == ["all"]
        np.testing.assert_array_equal(rolls.parts["all"], [ROLL])
        assert rolls.notes == ()


def test_parts_by_name_and_by_folder(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"train": [STEPS, [[60]]], "valid": [[[61], []]], "test": [[[62, 200]]]})
    )
    rolls = read_rolls(tmp_path / "a.json")
    said = {part: [pitches_of(piece) for piece in pieces] for part, pieces in rolls.parts.items()}
    assert said == {"train": [STEPS, [[60]]], "validation": [[[61], []]], "test": [[[62]]]}
    assert rolls.notes == (f"{tmp_path}/a.json: 1 notes outside the piano (MIDI 21-108) left out",)
    for part, text in {"train": "60\n", "test": "62,63\n", "valid": "61,200\n"}.items():
        (tmp_path / "set" / part).mkdir(parents=True)
        (tmp_path / "set" / part / "x.csv").write_text(text)
    write_midi(tmp_path / "set" / "train" / "y.mid", ROLL)
    rolls = read_rolls(tmp_path / "set")
    said = {part: [pitches_of(piece) for piece in pieces] for part, pieces in rolls.parts.items()}
    assert said == {"train": [[[60]], STEPS], "validation": [[[61]]], "test": [[[62, 63]]]}
    assert rolls.notes == (f"{tmp_path}/set/valid/x.csv: 1 notes outside the piano (MIDI 21-108) left out",)
    assert [pitches_of(piece) for piece in read_rolls(tmp_path / "set" / "train").parts["all"]] == [[[60]], STEPS]


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("a.json", "[[60", "not valid JSON"),
        ("a.json", "{}", "no part"),
        ("a.json", "[]", "no list of steps"),
        ("a.json", "3", "no list of steps"),
        ("a.json", "[60, 61]", "no list of steps"),
        ("a.json", "[[[60]], 5]", "no list of steps"),
        ("a.json", "[[60.5]]", "a pitch 60.5"),
        ("a.json", "[[true]]", "a pitch True"),
        ("a.json", '{"training": [[60]]}', "a part 'training'"),
        ("a.csv", "", "no steps"),
        ("a.csv", "note0\n", "no steps"),
        ("a.csv", "60\nsixty\n", "line that is no step"),
        ("a.csv", "60.5\n61.5\n", "line that is no step"),
        ("a.txt", "60", "no file of music"),
    ],
)
def test_what_is_no_music_is_named(tmp_path: Path, name: str, content: str, cause: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=rf"{name}.*{cause}"):
        read_rolls(tmp_path / name)
    with pytest.raises(InputError, match=r"cannot read .*none"):
        read_rolls(tmp_path / "none" / "a.csv")


def test_a_folder_without_music_is_named(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    for folder in (tmp_path, tmp_path / "train"):
        with pytest.raises(InputError, match="train holds no music"):
            read_rolls(folder)


def test_the_chorales(gatework_data: Path) -> None:
    parts = read_rolls(gatework_data / "music" / "JSB_Chorales.mat").parts
    assert {part: len(pieces) for part, pieces in parts.items()} == {"train": 229, "validation": 76, "test": 77}
    assert {part: sum(map(len, pieces)) for part, pieces in parts.items()} == {
        "train": 13807, "validation": 4602, "test": 4725,
    }  # fmt: skip
    voices = np.concatenate(parts["test"]).sum(axis=1)
    assert 3 < voices.mean() < 4  # four voices, some in unison
