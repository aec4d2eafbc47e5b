"""Pieces of music are divided as their source says; what they are like is known from the training part alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatework.data.music.piano_rolls import KEYS, roll_of
from gatework.data.music.pieces import MOST_OPENINGS, Piece, RollCodec, load_pieces
from gatework.data.music.roll_files import read_csv_roll, write_csv_roll
from gatework.errors import DamagedFileError, InputError
from gatework.settings import MusicData

SCALE = [60, 62, 64, 65, 67, 69, 71]


def tune(steps: int, first: int = 0) -> list[list[int]]:
    return [[SCALE[(first + step) % 7], SCALE[(first + step) % 7] - 12] for step in range(steps)]


def write(path: Path, content: Any) -> str:
    path.write_text(json.dumps(content))
    return str(path)


def lengths(pieces: list[Piece]) -> list[int]:
    return [len(piece.roll) for piece in pieces]


@pytest.fixture
def divided_file(tmp_path: Path) -> str:
    parts = {"train": [tune(5), tune(1), tune(13, 3)], "valid": [tune(7, 2)], "test": [tune(3, 6), tune(11)]}
    return write(tmp_path / "set.json", parts)


def test_a_source_s_own_parts_are_kept_and_pieces_of_one_step_left_out(divided_file: str) -> None:
    data = load_pieces(MusicData(sources=[divided_file], validation=0.5))
    assert [lengths(part) for part in (data.train, data.validation, data.test)] == [[5, 13], [7], [3, 11]]
    assert data.notes == ("1 of 3 train pieces have one step and are left out",)
    assert data.name == "set.json"
    np.testing.assert_array_equal(data.train[1].roll, roll_of(tune(13, 3))[0])


def test_what_no_source_divides_is_divided_by_shares(tmp_path: Path, divided_file: str) -> None:
    whole = write(tmp_path / "all.json", [tune(steps) for steps in range(2, 22)])
    data = load_pieces(MusicData(sources=[whole], validation=0.2, test=0.1))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [14, 4, 2]
    assert sorted(lengths(data.train) + lengths(data.validation) + lengths(data.test)) == list(range(2, 22))
    other = load_pieces(MusicData(sources=[whole], validation=0.2, test=0.1, split_seed=1))
    assert lengths(other.validation) != lengths(data.validation)
    both = load_pieces(MusicData(sources=[whole, divided_file], validation=0.2, test=0.1))
    assert [len(part) for part in (both.train, both.validation, both.test)] == [22, 1, 2]
    assert both.name == "all.json and others"


def test_parts_can_have_files_of_their_own(tmp_path: Path, divided_file: str) -> None:
    other = write(tmp_path / "other.json", [tune(17), tune(19)])
    config = MusicData(sources=[other], validation_data=[divided_file], test_data=[other], validation=0.4, test=0.4)
    data = load_pieces(config)
    assert [lengths(part) for part in (data.train, data.validation, data.test)] == [[17, 19], [7], [17, 19]]


def test_long_pieces_are_cut_so_that_each_step_is_predicted_once(divided_file: str) -> None:
    whole = load_pieces(MusicData(sources=[divided_file]))
    data = load_pieces(MusicData(sources=[divided_file], max_steps=5))
    assert lengths(data.train) == [5, 6, 6, 3]
    steps = [*data.train[1].roll, *data.train[2].roll[1:], *data.train[3].roll[1:]]
    np.testing.assert_array_equal(steps, whole.train[1].roll)
    assert lengths(data.test) == lengths(whole.test)
    short = load_pieces(MusicData(sources=[divided_file], max_length=6))
    assert (lengths(short.train), lengths(short.test)) == ([5], [3, 11])
    assert "1 training pieces of more than 6 steps are left out" in short.notes


def test_the_codec_knows_the_training_part_alone(divided_file: str) -> None:
    codec = load_pieces(MusicData(sources=[divided_file], steps_per_beat=3)).codec
    assert codec.steps_per_beat == 3
    assert codec.openings == ((48, 60), (53, 65))
    assert codec.frequencies[60 - 21] == (1 + 2 + 0.5) / 19  # C: first of 5; 5th and 12th of 13
    assert codec.frequencies[0] == 0.5 / 19
    assert RollCodec.from_json(json.loads(json.dumps(codec.to_json()))) == codec
    many = [Piece(roll_of([[21 + number % 88, 21 + number // 88], []])[0]) for number in range(88 * 4)]
    assert len(RollCodec.build(many, 4).openings) == MOST_OPENINGS


def test_with_a_codec_the_pieces_of_the_test_part_are_one_part(divided_file: str) -> None:
    codec = load_pieces(MusicData(sources=[divided_file])).codec
    data = load_pieces(MusicData(sources=[divided_file]), codec=codec)
    assert (lengths(data.train), data.validation, data.test) == ([3, 11], [], [])
    assert data.codec is codec


@pytest.mark.parametrize(
    "change",
    [
        {"steps_per_beat": 0},
        {"steps_per_beat": True},
        {"openings": []},
        {"openings": [[20]]},
        {"openings": [60]},
        {"openings": [["60"]]},
        {"frequencies": [0.5] * 87},
        {"frequencies": [0.0] * 88},
        {"frequencies": ["0.5"] * 88},
        {"frequencies": None},
    ],
)
def test_a_damaged_codec_is_refused(change: dict[str, Any]) -> None:
    good = RollCodec(4, (0.5,) * KEYS, ((60,),)).to_json()
    assert RollCodec.from_json(good).openings == ((60,),)
    with pytest.raises(DamagedFileError):
        RollCodec.from_json({**good, **change})
    with pytest.raises(DamagedFileError):
        RollCodec.from_json([])


@pytest.mark.parametrize("sources", [[], ["-"]])
def test_music_comes_from_files(sources: list[str]) -> None:
    with pytest.raises(InputError, match="read from files"):
        load_pieces(MusicData(sources=sources))


def test_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training example"):
        load_pieces(MusicData(sources=[write(tmp_path / "short.json", [tune(1), tune(1)])]))


def test_a_csv_file_holds_a_roll_whole(tmp_path: Path) -> None:
    roll, _ = roll_of([[60, 64, 67], [], [21, 108], []])
    found, outside = read_csv_roll(write_csv_roll(tmp_path / "tune.csv", roll))
    np.testing.assert_array_equal(found, roll)
    assert outside == 0
