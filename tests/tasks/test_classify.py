"""The task classify: what it settles by the data, exact resumes, and what it tells of answers."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.data.labelled.labelled_dataset import LabelledDataset
from gatework.errors import InputError
from gatework.models import Classifier
from gatework.settings import RunConfig, checked_config
from gatework.settings.tasks.classify import ClassifyPrediction, usual_epochs
from gatework.tasks import find_task
from gatework.tasks.classify import confusion_of, highlighted
from gatework.training import Callback, Interrupted, RunFolder, Trainer

TASK = find_task("classify")


class StopAt(Callback):
    """Stops the training after an update."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_update(self, trainer: Trainer) -> None:
        if trainer.position.step == self.step:
            raise Interrupted(signal.SIGTERM)


def loaded(folder: Path, **model: object) -> tuple[RunConfig, LabelledDataset]:
    generator = np.random.default_rng(11)
    words = {"good": ["fine", "great", "clear"], "poor": ["weak", "dull", "long"]}
    rows = [(" ".join(generator.choice(words[label], 4)), label) for label in ("good", "poor") * 23]
    (folder / "films.tsv").write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows))
    settings = {
        "task": "classify",
        "data": {"sources": [str(folder / "films.tsv")]},
        "model": {"hidden_size": 7, "embedding_size": 5, **model},
        "training": {"batch": 11, "epochs": 8, "warmup": 2},
    }
    config = checked_config(settings)
    data = TASK.load(config.data)
    return TASK.settled(config, data), data


def trainer_of(config: RunConfig, data: LabelledDataset, path: Path, *callbacks: Callback) -> Trainer:
    torch.manual_seed(config.training.seed)
    return Trainer(TASK.build(config.model, data), data, config.training, RunFolder(path), callbacks)


def test_a_resumed_training_is_the_whole_one(tmp_path: Path) -> None:
    config, data = loaded(tmp_path)
    assert config.model.symbol_dropout > 0  # random numbers are drawn in every update
    whole = trainer_of(config, data, tmp_path / "whole")
    whole.fit()
    with pytest.raises(Interrupted):
        trainer_of(config, data, tmp_path / "cut", StopAt(5)).fit()
    resumed = trainer_of(config, data, tmp_path / "cut")
    resumed.resume()
    assert resumed.position.step == 5
    resumed.fit()
    assert whole.position.step == resumed.position.step > 9
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name
    assert confusion_of(resumed.model, data.train).matrix.diagonal().sum() > len(data.train) / 2


def test_what_is_taken_for_what_is_counted_where_the_loss_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, data = loaded(tmp_path)
    model = TASK.build(config.model, data)
    answered = model.eval().probabilities(data.train).argmax(axis=1)
    wanted = np.zeros((2, 2), np.int64)
    np.add.at(wanted, ([example.label for example in data.train], answered), 1)
    read: list[int] = []
    model.register_forward_hook(lambda module, given, found: read.append(len(found)))
    score = TASK.score(model, data, "train", name="films")
    assert sum(read) == len(data.train)  # each example once
    np.testing.assert_array_equal(score.confusion.matrix, wanted)
    assert score.figures["accuracy"] == wanted.trace() / len(data.train)


def test_words_are_dropped_more_than_characters(tmp_path: Path) -> None:
    config, _ = loaded(tmp_path, dropout=0.25)
    assert (config.model.dropout, config.model.embedding_dropout, config.model.symbol_dropout) == (0.25, 0.5, 0.2)
    config = checked_config(
        {"task": "classify", "data": {"sources": [str(tmp_path / "films.tsv")], "level": "character"}}
    )
    settled = TASK.settled(config, TASK.load(config.data))
    assert settled.model == config.model
    assert settled.training.epochs == 30
    with pytest.raises(InputError, match="--frozen"):
        loaded(tmp_path, frozen=True)


def test_epochs_by_the_size_of_the_data() -> None:
    assert [usual_epochs(examples, 32) for examples in (10, 1600, 5120, 8530, 1_000_000)] == [30, 30, 10, 6, 6]
    assert usual_epochs(5120, 64) == 20


def test_answers_come_as_they_are_asked(tmp_path: Path) -> None:
    config, data = loaded(tmp_path, pooling="attention")
    model = TASK.build(config.model, data).eval()
    (tmp_path / "ask.txt").write_text("fine long\n\n" * 3)
    answers = TASK.answer(model, TASK.inputs([str(tmp_path / "ask.txt")], "utf-8"), ClassifyPrediction(batch=1))
    first, empty = next(answers), next(answers)
    row = model.probabilities([data.train[0]._replace(steps=model.codec.encode("fine long"))])[0]
    assert first["label"] == data.codec.labels.names[int(row.argmax())]
    assert list(first["probabilities"].values()) == pytest.approx(sorted(row.tolist(), reverse=True), abs=1e-5)
    assert TASK.as_text(first) == f"{first['label']}\t{row.max():.4f}"
    assert (empty["label"], TASK.as_text(empty)) == (None, f"\t{tmp_path}/ask.txt, line 2 is empty")


def test_what_is_shown(tmp_path: Path) -> None:
    config, data = loaded(tmp_path, pooling="attention")
    model = TASK.build(config.model, data).eval()
    assert isinstance(model, Classifier)
    shown = TASK.show(model, data.validation[:2]).splitlines()
    for line, example in zip(shown, data.validation, strict=False):
        text, answer = line.split(" -> ")
        name = answer.split()[0]
        label = data.codec.labels.names[example.label]
        assert text == example.shown
        assert answer.endswith("right)" if name == label else f"wrong: {label})")
    found = highlighted(model, data.codec.reads, data.validation[0])
    assert list(found.symbols) == data.validation[0].shown.split()
    assert found.heading.endswith(f"meant {data.codec.labels.names[data.validation[0].label]}")
    np.testing.assert_allclose(found.weights.sum(), 1, rtol=1e-5)
