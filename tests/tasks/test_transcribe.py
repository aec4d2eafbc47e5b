"""The task of transcribing: a training that learns, a resume bit for bit, scores, answers and pictures."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gatework.data.dataset import Dataset
from gatework.data.sound.audio import read_wav, write_wav
from gatework.errors import InputError
from gatework.generation.transcripts import transcribe
from gatework.models import Transcriber
from gatework.models.pretrained import own_tensors
from gatework.settings import TranscribeData, TranscribePrediction, TranscribeTraining, run_config
from gatework.tasks import find_task
from gatework.training import Callback, Interrupted, RunFolder, Trainer

TASK = find_task("transcribe")
TEXTS = ["abc", "cab", "bac", "acb", "cba", "bca", "abcab", "cacb", "bab", "aca", "cbc", "bcab"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, write_spoken: Callable[..., Path]) -> TranscribeData:
    folder = write_spoken(tmp_path_factory.mktemp("speech") / "tones", TEXTS * 2)
    return TranscribeData(sources=[str(folder)], bands=11, deltas=0, stacked=2, validation=0.17, test=0.17)


@pytest.fixture(scope="module")
def dataset(config: TranscribeData) -> Dataset:
    return TASK.load(config)


@pytest.fixture
def trainer(dataset: Dataset, tmp_path: Path) -> Callable[..., Trainer]:
    def make(callbacks: list[Callback], name: str = "run", seed: int = 3, **options: Any) -> Trainer:
        torch.manual_seed(seed)
        settings = {"batch": 5, "steps": 20, "log_every": 3, "warmup": 4, "seed": 3, "learning_rate": 0.02, **options}
        training = TranscribeTraining(**settings)
        model = Transcriber.build(dataset.codec, hidden_size=13, dropout=0.1)
        folder = RunFolder(tmp_path / name)
        if not folder.config.exists():
            folder.start({"training": training.model_dump()})
        return Trainer(model, dataset, training, folder, callbacks)

    return make


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> Transcriber:
    torch.manual_seed(3)
    model = Transcriber.build(dataset.codec, hidden_size=13, dropout=0, time_masks=0, band_masks=0)
    Trainer(model, dataset, TranscribeTraining(batch=5, steps=160, warmup=4, seed=3, learning_rate=0.02)).fit()
    return model


def test_it_learns_to_write_tones_down(trained: Transcriber, dataset: Dataset) -> None:
    score = TASK.score(trained, dataset, "test", name="tones")
    rates = {"character_error_rate", "word_error_rate", "beam_character_error_rate", "beam_word_error_rate"}
    assert score.figures.keys() == rates | {"symbol_accuracy"}
    assert score.figures["character_error_rate"] < 0.2
    assert score.count == sum(len(one.tokens) for one in dataset.test)
    found = transcribe(trained, [one.steps for one in dataset.test])
    whole = sum(one.text != " ".join(right.words) for one, right in zip(found, dataset.test, strict=True))
    assert score.figures["beam_word_error_rate"] == whole / len(dataset.test)
    assert "character error rate" in "".join(TASK.score_lines(trained, score, "tones"))
    assert TASK.score_record(trained, score, "tones")["unit"] == "symbol"


def test_what_is_measured_is_searched_for_as_asked(trained: Transcriber, dataset: Dataset) -> None:
    usual = TASK.score(trained, dataset, "train", name="tones").figures
    greedy = TASK.answering(TranscribePrediction(beam=1))
    found = greedy.score(trained, dataset, "train", name="tones")
    assert found.figures["beam_character_error_rate"] == found.figures["character_error_rate"]
    assert "beam search: beam 1, language weight 0.5" in greedy.score_lines(trained, found, "tones")[-1]
    fewest = TASK.answering(TranscribePrediction(insertion_bonus=-1e6, language_weight=0, batch=3))
    nothing = fewest.score(trained, dataset, "train", name="tones").figures
    assert nothing["beam_character_error_rate"] == 1.0  # of every symbol that was said, none is written
    assert nothing["beam_character_error_rate"] > usual["beam_character_error_rate"]
    assert nothing["character_error_rate"] == usual["character_error_rate"]


class Stop(Callback):
    def on_update(self, trainer: Trainer) -> None:
        if trainer.position.step == 7:
            raise Interrupted(2)


def test_a_resumed_training_is_bit_for_bit_the_same(trainer: Callable[..., Trainer]) -> None:
    whole = trainer([], "whole")
    whole.fit()
    with pytest.raises(Interrupted):
        trainer([Stop()]).fit()
    again = trainer([], seed=99)
    again.resume()
    again.fit()
    expected = own_tensors(whole.model)
    for name, tensor in own_tensors(again.model).items():
        assert torch.equal(tensor, expected[name]), name


def test_answers_have_symbols_text_and_times(trained: Transcriber, dataset: Dataset, tmp_path: Path) -> None:
    names = [one.name for one in dataset.test]
    write_wav(tmp_path / "fast.wav", read_wav(names[0], 6000).samples, 6000)
    write_wav(tmp_path / "still.wav", np.zeros(2000), 4000)
    files = [*names, str(tmp_path / "fast.wav"), str(tmp_path / "still.wav")]
    options = TranscribePrediction(batch=3)
    answers = list(TASK.answer(trained, iter(files), options))
    assert [answer["file"] for answer in answers] == files
    for answer, right in zip(answers, dataset.test, strict=False):
        (expected,) = transcribe(trained, [right.steps], options)
        assert answer["tokens"] == list(expected.symbols)
        assert answer["text"] == expected.text == "".join(answer["tokens"])
        assert answer["times"] == [list(span) for span in expected.times]
        assert answer["score"] == pytest.approx(expected.score, abs=1e-3)
        assert "note" not in answer
        assert TASK.as_text(answer) == f"{answer['file']}\t{answer['text']}"
    assert answers[-2]["text"] == answers[0]["text"]
    assert answers[-2]["note"] == "resampled from 6000 to 4000 Hz"
    assert answers[-1]["note"] == "silence"


def test_what_was_answered_before_a_bad_file_is_told(trained: Transcriber, dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"nonsense")
    answers = TASK.answer(trained, iter([dataset.test[0].name, str(tmp_path / "bad.wav")]), TranscribePrediction())
    assert next(answers)["file"] == dataset.test[0].name
    with pytest.raises(InputError, match=r"bad.wav is not a WAV file"):
        next(answers)


def test_inputs_are_files_folders_and_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.wav", "a.WAV", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    assert list(TASK.inputs(["x.wav", str(tmp_path)], "utf-8")) == [
        "x.wav",
        *(str(tmp_path / n) for n in ("a.WAV", "b.wav")),
    ]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one.wav\n\n two.wav \n")))
    assert list(TASK.inputs([], "utf-8")) == ["one.wav", "two.wav"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no WAV files"):
        list(TASK.inputs([str(tmp_path / "empty")], "utf-8"))


def test_what_is_shown_and_drawn(trained: Transcriber, dataset: Dataset, tmp_path: Path) -> None:
    said, heard = TASK.show(trained, dataset.test[:1]).splitlines()
    assert said == f"said   {' '.join(dataset.test[0].words)}"
    assert heard.startswith("heard  ")
    (picture,) = TASK.pictures(trained, dataset, tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_data_as_the_model_was_trained_on(trained: Transcriber, config: TranscribeData) -> None:
    changed = config.model_copy(update=TASK.reading(trained))
    assert changed.units == "character"
    assert changed.held_out_speaker is None


def test_memory_grows_with_the_longest_recording(dataset: Dataset) -> None:
    def needed(**model: Any) -> int:
        return TASK.activations(
            run_config("transcribe").model_validate({"task": "transcribe", "model": model}), dataset
        )

    longest = max(len(one.steps) for one in dataset.train)
    assert needed(hidden_size=7, layers=2) == 16 * longest * (2 * 2 * 3 * 7 + 2 * len(dataset.codec.symbols))
    assert needed(hidden_size=7, bidirectional=False) == 16 * longest * (3 * 7 + 2 * len(dataset.codec.symbols))
