"""Speeds by a clock that the test turns."""

from __future__ import annotations

import pytest

from gatework.data import load_corpus
from gatework.settings import CorpusConfig, checked_config
from gatework.studies.comparison import speeds
from gatework.studies.comparison.speeds import TimedTraining, side_by_side
from gatework.training import Trainer

SECONDS = {5: 0.25, 7: 0.125, 3: 0.5}
"""Of an update, by hidden size; the slow one makes turns of one update."""


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "my.txt"
    path.write_text("a dog ran to the door, and out. " * 30)
    return load_corpus(CorpusConfig(sources=[str(path)]))


def config(hidden, **training):
    shape = {"cell": "gru", "hidden_size": hidden, "embedding_size": 3}
    return checked_config(
        {"task": "language", "model": shape, "training": {"batch": 2, "window": 13, "device": "cpu", **training}}
    )


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    now = [0.0]
    real = Trainer.updated

    def updated(self, *arguments):
        now[0] += SECONDS[self.model.config.hidden_size]
        return real(self, *arguments)

    monkeypatch.setattr(Trainer, "updated", updated)
    monkeypatch.setattr(speeds.time, "process_time", lambda: now[0])


def test_side_by_side(corpus):
    found = side_by_side({"a": config(5), "b": config(7)}, corpus)
    assert found["a"] == {"turns": [26 / 0.25] * 9, "speed": 26 / 0.25, "update_seconds": 0.25}
    assert found["b"] == {"turns": [26 / 0.125] * 9, "speed": 26 / 0.125, "update_seconds": 0.125}


def test_nothing_is_learnt(corpus):
    training = TimedTraining(config(7, weight_decay=0.0), corpus)
    before = [parameter.detach().clone() for parameter in training.trainer.model.parameters()]
    for _ in range(3):
        training.update()
    assert all(
        bool((one == other).all()) for one, other in zip(before, training.trainer.model.parameters(), strict=True)
    )


def test_how_long_a_training_takes(corpus):
    validating = 1 + len(corpus.validation) / (len(corpus.train.tokens) // 26 * 26) / 3
    assert TimedTraining(config(7, steps=80), corpus).expected_seconds() == pytest.approx(10 * validating, rel=0.01)
    assert TimedTraining(config(7, steps=80, minutes=0.1), corpus).expected_seconds() == pytest.approx(6.0)
    assert TimedTraining(config(7, minutes=0.5), corpus).expected_seconds() == pytest.approx(30.0)
