"""Examples of a transcriber: from tables and from spoken digits, and what is left out, resampled or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gatework.data.sound.audio import read_wav, write_wav
from gatework.data.sound.lexicon import DIGITS
from gatework.data.sound.speech_parts import read_speech
from gatework.data.sound.transcribed import load_speech
from gatework.data.text.symbols import UNKNOWN
from gatework.errors import InputError
from gatework.settings import TranscribeData

Write = Callable[..., Path]
SMALL = {"bands": 7, "validation": 0, "test": 0}


def data(*sources: Path, **options) -> TranscribeData:
    return TranscribeData(sources=[str(source) for source in sources], **{**SMALL, **options})


def test_a_table_of_transcripts(tmp_path: Path, write_spoken: Write) -> None:
    folder = write_spoken(tmp_path / "a", ["Abc", "b a", "cab", "dad", "e"])
    found = load_speech(data(folder, validation=0.2, test=0.4, deltas=0, stacked=2, ngram=2))
    assert [len(part) for part in (found.train, found.validation, found.test)] == [2, 1, 2]
    assert found.name == "a"
    assert found.codec.units == "character"
    assert found.codec.features.rate == 4000
    assert found.codec.symbols.lower
    for one in found.train:
        number = int(Path(one.name).stem)
        samples = read_wav(folder / f"{number}.wav").samples
        np.testing.assert_array_equal(one.steps, found.codec.hear(samples))
        text = ["abc", "b a", "cab", "dad", "e"][number]
        assert found.codec.names(one.tokens) == list(text)
        assert one.words == tuple(text.split())
        assert found.codec.ngrams.log_probability((), one.tokens[0]) > found.codec.ngrams.log_probability((), 0)
    assert found.train[0].steps.shape[1] == 14
    again = load_speech(data(folder, validation=0.2, test=0.4, deltas=0, stacked=2, ngram=2))
    assert again.fingerprint == found.fingerprint


def test_letters_may_stay_large_and_units_be_words(tmp_path: Path, write_spoken: Write) -> None:
    folder = write_spoken(tmp_path / "a", ["Abc a", "a"])
    found = load_speech(data(folder, units="word", lower=False))
    assert set(found.codec.symbols.names[2:]) == {"Abc", "a"}
    assert found.train[0].words == ("Abc", "a")
    assert load_speech(data(folder, units="word")).train[0].words == ("abc", "a")


def test_parts_of_their_own_and_symbols_that_training_lacks(tmp_path: Path, write_spoken: Write) -> None:
    first, second = write_spoken(tmp_path / "a", ["ab", "ba"]), write_spoken(tmp_path / "b", ["dae"])
    found = load_speech(
        data(first, validation=0.5, validation_data=[str(second)], test_data=[str(second / "text.csv")])
    )
    assert [len(part) for part in (found.train, found.validation, found.test)] == [2, 1, 1]
    assert found.codec.names(found.test[0].tokens) == [UNKNOWN, "a", UNKNOWN]
    note = "symbols of the validation part that are not in training transcripts: 2, namely 'd' 'e'"
    assert note in found.notes


def test_a_trained_models_codec_is_used(tmp_path: Path, write_spoken: Write) -> None:
    codec = load_speech(data(write_spoken(tmp_path / "a", ["ab", "ba"]))).codec
    other = write_spoken(tmp_path / "b", ["abc"], 8000)
    found = load_speech(data(other, bands=5, units="word", rate=3000), codec=codec)
    assert found.codec is codec
    assert "symbols of b that are not in training transcripts: 1, namely 'c'" in found.notes
    assert found.train[0].steps.shape[1] == codec.width
    assert found.notes[0] == "1 recording resampled from 8000 to 4000 Hz"


def test_rates(tmp_path: Path, write_spoken: Write) -> None:
    folder = write_spoken(tmp_path / "a", ["ab", "ba", "aa"])
    write_wav(folder / "1.wav", read_wav(folder / "1.wav", 6000).samples, 6000)
    found = load_speech(data(folder))
    assert found.codec.features.rate == 4000  # most of them
    assert found.notes == ("1 recording resampled from 6000 to 4000 Hz",)
    assert load_speech(data(folder, rate=6000)).notes == ("2 recordings resampled from 4000 to 6000 Hz",)


def test_silent_and_short_recordings_are_left_out(tmp_path: Path, write_spoken: Write) -> None:
    folder = write_spoken(tmp_path / "a", ["ab", "ba", "aa", "abba"])
    write_wav(folder / "1.wav", np.zeros(999), 4000)
    write_wav(folder / "2.wav", read_wav(folder / "2.wav").samples[:250], 4000)  # 2 steps of 30 ms, a _ a needs 3
    found = load_speech(data(folder))
    assert [Path(one.name).stem for one in found.train] == ["0", "3"]
    silent, short = found.notes
    assert silent == f"silent and left out of the training part: 1, such as {folder / '1.wav'}"
    assert short == f"too short for its transcript and left out of the training part: 1, such as {folder / '2.wav'}"
    few = load_speech(data(folder, max_length=len(found.train[0].steps)))
    assert [Path(one.name).stem for one in few.train] == ["0"]
    assert "longer than" in few.notes[-1]


def test_spoken_digits_are_joined(spoken_digits: Path) -> None:
    found = load_speech(data(spoken_digits, validation=0.34, test=0.3, join="2-3", sequences=90))
    assert found.codec.units == "phoneme"
    assert found.codec.lexicon is DIGITS
    used = []
    for part in (found.train, found.validation, found.test):
        assert len(part) == 30
        used.append({name for one in part for name in one.name.split("+")})
        for one in part:
            names = one.name.split("+")
            assert 2 <= len(names) <= 3
            assert len({name.split("_")[1] for name in names}) == 1
            assert found.codec.names(one.tokens) == DIGITS.phonemes_of(one.words)
            assert len(one.words) == len(names)
    assert not used[0] & used[1]
    assert not used[0] & used[2]
    assert not used[1] & used[2]


def test_a_speaker_is_held_out(spoken_digits: Path) -> None:
    config = data(spoken_digits, validation=0.34, test=0.3, join="1", sequences=20, held_out_speaker="bob")
    found = load_speech(config)
    assert [len(part) for part in (found.train, found.validation, found.test)] == [7, 3, 10]
    assert all("bob" in one.name for one in found.test)
    assert not any("bob" in one.name for one in (*found.train, *found.validation))
    assert load_speech(data(spoken_digits, split_seed=1, sequences=9)).fingerprint != found.fingerprint


def test_a_lexicon_of_ones_own(tmp_path: Path, write_spoken: Write) -> None:
    folder = write_spoken(tmp_path / "a", ["ab ba", "ba"])
    lexicon = tmp_path / "own.dict"
    lexicon.write_text("AB  EY1 B\nBA  B AA1\n")
    found = load_speech(data(folder, lexicon=str(lexicon)))
    assert found.codec.names(found.train[0].tokens) == ["EY", "B", "B", "AA"]
    lexicon.write_text("AB  EY1 B\n")
    with pytest.raises(InputError, match=r"\.wav: the lexicon has no word 'ba'.*or write other --units"):
        load_speech(data(folder, lexicon=str(lexicon)))


def test_progress_is_told(spoken_digits: Path) -> None:
    told: list[tuple[int, int | None]] = []
    read_speech(data(spoken_digits, sequences=3), progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 60) for done in range(60)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sources": []}, "read from folders"),
        ({"sources": ["-"]}, "read from folders"),
        ({"held_out_speaker": "ann"}, "DIGIT_SPEAKER_INDEX.wav only"),
        ({"bands": 300}, "too narrow.*change --bands"),
        ({"units": "phoneme"}, "0.wav: the lexicon has no word 'ab'"),
        ({"test_data": ["digits"]}, "one form at a time"),
        ({"validation": 0.6}, "no recording to train on"),
        ({"max_length": 1}, "no training example"),
        ({"path_column": "wavs"}, "no column 'wavs'"),
    ],
)
def test_impossible(tmp_path: Path, write_spoken: Write, spoken_digits: Path, options: dict, words: str) -> None:
    folder = write_spoken(tmp_path / "a", ["ab"])
    named = {name: [str(spoken_digits)] if value == ["digits"] else value for name, value in options.items()}
    with pytest.raises(InputError, match=words):
        load_speech(data(folder).model_copy(update=named))
