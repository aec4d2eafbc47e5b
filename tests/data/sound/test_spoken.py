"""Spoken digits: names, splits that share nothing, and sequences whose parts can be found again."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from gatework.data.sound.audio import read_wav, write_wav
from gatework.data.sound.lexicon import DIGIT_WORDS, DIGITS
from gatework.data.sound.spoken import hold_out_recordings, hold_out_speaker, joined_digits, read_fsdd
from gatework.errors import InputError

RATE, LONG = 1000, 97  # samples a second; of the shortest sound


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings of each digit by each of three speakers; a recording is a constant of its own."""
    folder = tmp_path_factory.mktemp("digits")
    for digit, speaker, index in itertools.product(range(10), range(3), range(3)):
        level = (1 + digit + 10 * speaker + 30 * index) / 128
        write_wav(folder / f"{digit}_{'abc'[speaker]}_x_{index}.wav", np.full(LONG + digit, level), RATE)
    return folder


def test_names_say_what_is_heard(folder: Path) -> None:
    recordings = read_fsdd(folder)
    assert len(recordings) == 90
    assert recordings == sorted(recordings, key=lambda one: (one.digit, one.speaker, one.take))
    for one in recordings:
        assert one.path == folder / f"{one.digit}_{one.speaker}_{one.take}.wav"
    assert {one.speaker for one in recordings} == {"a_x", "b_x", "c_x"}


def test_a_speaker_is_held_out(folder: Path) -> None:
    recordings = read_fsdd(folder)
    train, test = hold_out_speaker(recordings, "b_x")
    assert sorted(train + test) == sorted(recordings)
    assert {one.speaker for one in train} == {"a_x", "c_x"}
    assert {one.speaker for one in test} == {"b_x"}
    with pytest.raises(InputError, match="no speaker 'b_y': did you mean 'b_x'"):
        hold_out_speaker(recordings, "b_y")
    with pytest.raises(InputError, match="only speaker"):
        hold_out_speaker(test, "b_x")


def test_recordings_are_held_out(folder: Path) -> None:
    recordings = read_fsdd(folder)
    for share, each in [(0.01, 1), (0.34, 1), (0.6, 2), (0.99, 2)]:
        train, test = hold_out_recordings(recordings, share, seed=3)
        assert sorted(train + test) == sorted(recordings)
        assert len(test) == 30 * each
        for speaker, digit in itertools.product(("a_x", "b_x", "c_x"), range(10)):
            assert sum((one.speaker, one.digit) == (speaker, digit) for one in test) == each
    assert hold_out_recordings(recordings, seed=3) == hold_out_recordings(recordings, seed=3)
    assert hold_out_recordings(recordings, seed=3) != hold_out_recordings(recordings, seed=4)
    with pytest.raises(InputError, match="one recording of 0 by 'a_x'"):
        hold_out_recordings(recordings[:1], seed=3)
    with pytest.raises(ValueError, match="share"):
        hold_out_recordings(recordings, 1.0, seed=3)


def test_joined_digits_are_their_recordings_in_order(folder: Path) -> None:
    """Recordings are constants, so that each plateau of the joined sound tells which recording it is."""
    gaps = []
    for joined in joined_digits(read_fsdd(folder), 50, seed=11, rate=RATE):
        assert joined.samples.dtype == np.float32
        assert 3 <= len(joined.words) <= 6
        assert {one.speaker for one in joined.sources} == {joined.speaker}
        assert joined.words == tuple(DIGIT_WORDS[one.digit] for one in joined.sources)
        assert list(joined.phonemes) == DIGITS.phonemes_of(joined.words)
        levels = [round(float(read_wav(one.path).samples[0]) * 128) for one in joined.sources]
        units = joined.samples * 128
        plateau = [k for k in range(len(units) - 70) if np.ptp(units[k : k + 70]) == 0]
        heard = [level for level, _ in itertools.groupby(round(float(units[k])) for k in plateau)]
        assert heard == [level for level, _ in itertools.groupby(levels)]
        gaps.append(len(units) - sum(LONG + one.digit for one in joined.sources))
    assert min(gaps) < -20  # sequences of cross-fades alone, 10 samples each, are shorter than their parts
    assert max(gaps) > 150


def test_a_cross_fade_keeps_the_level_and_a_silence_is_one(tmp_path: Path) -> None:
    write_wav(tmp_path / "0_a_0.wav", np.full(LONG, 0.5), RATE)
    every = joined_digits(read_fsdd(tmp_path), 400, seed=2, counts=(2, 2), rate=RATE)
    faded = [joined.samples for joined in every if len(joined.samples) == 2 * LONG - 10]
    silent = [joined.samples for joined in every if len(joined.samples) >= 2 * LONG]
    assert len(faded) + len(silent) == 400
    assert 160 < len(faded) < 240
    for samples in faded:
        np.testing.assert_allclose(samples, 0.5, atol=1e-6)
    for samples in silent:
        assert len(samples) <= 2 * LONG + 150
        gap = samples[LONG:-LONG]
        assert np.abs(gap).max(initial=0) < 1e-3
        assert not (gap == 0).any()
        assert (np.diff(samples[LONG - 10 : LONG]) < 0).all()
        assert (np.diff(samples[-LONG : 10 - LONG]) > 0).all()


def test_the_seed_decides(folder: Path) -> None:
    recordings = read_fsdd(folder)
    first, again, other = (joined_digits(recordings, 5, seed=seed, rate=RATE) for seed in (1, 1, 2))
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.samples, same.samples)
        assert one.sources == same.sources
    assert [one.sources for one in first] != [one.sources for one in other]
    shuffled = joined_digits(recordings, 20, seed=1, rate=RATE, speakers=["c_x"], counts=(1, 2))
    assert {one.speaker for one in shuffled} == {"c_x"}
    assert {len(one.words) for one in shuffled} == {1, 2}
    assert joined_digits(recordings, 2, seed=1, rate=2 * RATE, counts=(1, 1))[0].samples.shape[0] >= 2 * LONG


def test_what_cannot_be_joined_is_said(folder: Path, tmp_path: Path) -> None:
    recordings = read_fsdd(folder)
    with pytest.raises(InputError, match="no speaker 'x'"):
        joined_digits(recordings, 1, seed=1, speakers=["x"])
    with pytest.raises(InputError, match="no recordings"):
        joined_digits([], 1, seed=1)
    for counts, number in [((0, 2), 1), ((3, 2), 1), ((1, 2), -1)]:
        with pytest.raises(ValueError, match="counts"):
            joined_digits(recordings, number, seed=1, counts=counts)
    with pytest.raises(InputError, match=r"cannot read .*none"):
        read_fsdd(tmp_path / "none")
    with pytest.raises(InputError, match="holds no recordings"):
        read_fsdd(tmp_path)
    (tmp_path / "seven.wav").write_bytes(b"")
    with pytest.raises(InputError, match=r"seven\.wav is not named"):
        read_fsdd(tmp_path)


def test_the_free_spoken_digits(gatework_data: Path) -> None:
    recordings = read_fsdd(gatework_data / "fsdd")
    assert len(recordings) == 720
    assert {one.speaker for one in recordings} == {"george", "jackson", "lucas", "nicolas", "theo", "yweweler"}
    for joined in joined_digits(recordings, 5, seed=3):
        assert 0.4 < len(joined.samples) / joined.rate < 8
        assert np.isfinite(joined.samples).all()
        assert np.abs(joined.samples).max() <= 2
