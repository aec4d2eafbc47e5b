"""Speech on the command line: trained, measured, asked; and one line for what cannot be used."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gatework.cli.main import status_of
from gatework.data.sound.audio import read_wav, write_wav

from .conftest import Said
from .test_bad_input import refused

Command = Callable[..., Said]
Write = Callable[..., Path]
SMALL = ["--task", "transcribe", "--hidden-size", "7", "--bands", "7", "--batch", "5"]


@pytest.fixture
def speech(place: Path, write_spoken: Write) -> Path:
    """A folder of 12 recordings and the table text.csv."""
    return write_spoken(place / "speech", ["ab", "ba", "abc", "cab"] * 3)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, spoken_digits: Path) -> Path:
    """A run on joined digits, hardly trained."""
    run = tmp_path_factory.mktemp("digits") / "run"
    words = ["train", spoken_digits, *SMALL, "--sequences", "60", "--steps", "4", "--join", "2", "--validation", "0.3"]
    assert status_of([str(word) for word in (*words, "--test", "0.3", "--run", run)]) == 0
    return run


def test_digits_are_learnt_measured_and_drawn(run: Path, command: Command) -> None:
    config = json.loads((run / "config.json").read_text())
    assert config["task"] == "transcribe"
    said = json.loads(command("evaluate", run, "--part", "test", "--json").out)
    assert said["count"] > 0
    assert 0 < said["phoneme_error_rate"] <= 1.5
    assert {"word_error_rate", "beam_phoneme_error_rate", "beam_word_error_rate"} < said.keys()
    one = json.loads(command("evaluate", run, "--part", "test", "--beam", "1", "--json").out)
    assert one["beam_phoneme_error_rate"] == one["phoneme_error_rate"] == said["phoneme_error_rate"]
    assert "beam search: beam 3," in command("evaluate", run, "--part", "test", "--beam", "3").out
    assert "plots/symbols.png" in command("plot", run).out
    assert "said " in (run / "samples.txt").read_text()


def test_recordings_are_answered(
    run: Path, spoken_digits: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(spoken_digits / f"{digit}_ann_0.wav") for digit in (3, 7)]
    found = [json.loads(line) for line in command("predict", run, *files, "--beam", "1").out.splitlines()]
    assert [one["file"] for one in found] == files
    assert all({"file", "tokens", "text", "score", "times"} == one.keys() for one in found)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(files).encode())))
    piped = [json.loads(line) for line in command("predict", run, "--beam", "1").out.splitlines()]
    assert piped == found
    assert command("predict", run, files[0], "--beam", "1", "--format", "text").out.startswith(f"{files[0]}\t")


def test_other_data_are_measured(run: Path, place: Path, spoken_digits: Path, command: Command) -> None:
    said = json.loads(command("evaluate", run, spoken_digits, "--json").out)
    assert said["data"] == spoken_digits.name
    assert said["unit"] == "symbol"
    assert said["count"] > 60 * 2  # 60 sequences of two digits, of two phonemes and more


def test_notes_are_shown(speech: Path, command: Command) -> None:
    write_wav(speech / "0.wav", read_wav(speech / "0.wav", 8000).samples, 8000)
    write_wav(speech / "1.wav", np.zeros(4000), 4000)
    said = command("train", speech, *SMALL, "--steps", "2", "--test", "0", "--validation", "0.1")
    assert said.status == 0
    assert "note    1 recording resampled from 8000 to 4000 Hz" in said.out
    assert "note    silent and left out of the" in said.out


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("path,text\n0.wav,ab\nnone.wav,ba\n", ["text.csv line 3", "there is no file", "none.wav"]),
        ("path,text\n0.wav,ab\n1.wav,\n", ["text.csv line 3", "nothing under 'text'"]),
        ("path,sound\n0.wav,ab\n", ["no column of texts", "'path', 'sound'"]),
        ("path,text\n0.wav,ab\nbad.wav,ba\n", ["bad.wav is not a WAV file"]),
        ("path,text\n0.wav,abababababababababababababab\n", ["no training example"]),
    ],
)
def test_tables_that_cannot_be_used(speech: Path, command: Command, table: str, words: list[str]) -> None:
    (speech / "text.csv").write_text(table)
    (speech / "bad.wav").write_text("nonsense")
    refused(command("train", speech, *SMALL, "--validation", "0", "--test", "0", "--run", "runs/x"), *words)
    assert not list(Path("runs").glob("*"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--units", "phoneme"], ["the lexicon has no word 'ab'", "--units"]),
        (["--lexicon", "none.dict"], ["none.dict"]),
        (["--join", "6-3"], ["--join", "as 3-6"]),
        (["--held-out-speaker", "ann"], ["DIGIT_SPEAKER_INDEX.wav"]),
        (["--bands", "900"], ["too narrow", "--bands"]),
        (["--text-column", "words"], ["no column 'words'"]),
        (["--time-mask-share", "2"], ["--time-mask-share"]),
    ],
)
def test_impossible_settings(speech: Path, command: Command, options: list[str], words: list[str]) -> None:
    refused(command("train", speech, *SMALL, *options), *words)


def test_folders_and_speakers_that_are_not_there(place: Path, spoken_digits: Path, run: Path, command: Command) -> None:
    (place / "other").mkdir()
    write_wav(place / "other" / "hello.wav", np.ones(99), 4000)
    refused(command("train", "other", *SMALL), "no table of transcripts", "DIGIT_SPEAKER_INDEX.wav")
    refused(command("train", "nowhere", *SMALL), "cannot read nowhere")
    refused(command("train", spoken_digits, *SMALL, "--held-out-speaker", "bib"), "did you mean 'bob'".capitalize())
    refused(command("predict", run, "nowhere.wav"), "cannot read nowhere.wav")
    refused(command("predict", run, "my.txt"), "my.txt is not a WAV file")
    alone = spoken_digits / "3_ann_0.wav"
    refused(command("evaluate", run, alone), "3_ann_0.wav is a recording without a transcript", "Give the table")
