"""A training that was stopped and resumed is, bit for bit, the one that was not."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from gatework.data import Corpus
from gatework.errors import DamagedFileError, InputError, StorageError
from gatework.generation import TextWriter
from gatework.settings.training import OptimizerName
from gatework.training import Callback, Interrupted, Trainer
from gatework.training.checkpoint import checkpoint_path


class StopAt(Callback):
    """Stops the training at an event of an update: by an exception, or by a real signal."""

    def __init__(
        self, step: int, event: str = "on_update", *, number: int = signal.SIGTERM, real: bool = False
    ) -> None:
        self.step = step
        self.number = number
        self.real = real
        setattr(self, event, self.stop)

    def stop(self, trainer: Trainer, *arguments: Any) -> None:
        if trainer.position.step != self.step:
            return
        if self.real:
            os.kill(os.getpid(), self.number)
        else:
            raise Interrupted(self.number)


class Notes(Callback):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def on_note(self, trainer: Trainer, text: str) -> None:
        self.texts.append(text)


def check_stopped_and_resumed(setup: Any, tmp_path: Path, stops: list[Callback]) -> None:
    whole = setup.elsewhere(tmp_path / "whole").fitted()
    trainer = setup.trainer([stops[0]])
    with pytest.raises(Interrupted):
        trainer.fit()
    for stop in stops[1:]:
        trainer = setup.resumed([stop])
        with pytest.raises(Interrupted):
            trainer.fit()
    trainer = setup.resumed()
    assert 0 < trainer.position.step <= whole.position.step
    trainer.fit()
    setup.check_same(trainer, whole)
    assert whole.position.step > 20


# 15 windows an epoch; rows every 3 updates
@pytest.mark.parametrize("cut", [1, 2, 3, 5, 14, 15, 16, 30, 39, 40])
def test_at_any_update(setup: Callable[..., Any], tmp_path: Path, cut: int) -> None:
    check_stopped_and_resumed(setup(), tmp_path, [StopAt(cut)])


@pytest.mark.parametrize("cut", [9, 10, 11])
def test_around_a_validation_within_an_epoch(setup: Callable[..., Any], tmp_path: Path, cut: int) -> None:
    check_stopped_and_resumed(setup(validate_every=5), tmp_path, [StopAt(cut)])


@pytest.mark.parametrize("event", ["on_log", "on_validation", "on_update"])
@pytest.mark.parametrize("real", [True, False])
def test_at_any_event(setup: Callable[..., Any], tmp_path: Path, event: str, real: bool) -> None:
    check_stopped_and_resumed(setup(validate_every=12), tmp_path, [StopAt(12, event, real=real)])


def test_again_and_again(setup: Callable[..., Any], tmp_path: Path) -> None:
    stops = [StopAt(cut, real=cut % 2 == 0) for cut in (1, 2, 9, 14, 15, 16, 33)]
    check_stopped_and_resumed(setup(dropout=0.3, validate_every=8), tmp_path, stops)


@pytest.mark.parametrize("name", get_args(OptimizerName))
def test_every_optimizer(setup: Callable[..., Any], tmp_path: Path, name: str) -> None:
    check_stopped_and_resumed(setup(optimizer=name, dropout=0.2), tmp_path, [StopAt(17)])


@pytest.mark.parametrize(
    "options",
    [
        {"schedule": "constant", "warmup": 25},
        {"schedule": "step", "decay_every": 0.7, "decay": 0.8},
        {"schedule": "plateau", "decay_patience": 0, "validate_every": 3, "learning_rate": 0.08},
        {"schedule": "plateau", "decay_patience": 1, "validate_every": 2, "learning_rate": 0.3, "patience": 30},
        {"schedule": "cosine", "epochs": 2.5, "steps": None},
    ],
    ids=str,
)
def test_every_schedule(setup: Callable[..., Any], tmp_path: Path, options: dict[str, Any]) -> None:
    check_stopped_and_resumed(setup(**options), tmp_path, [StopAt(16)])


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 3},
        {"stride": 1, "window": 4},
        {"stride": 4, "window": 7, "dropout": 0.4, "layers": 2},
        {"cell": "gru", "layers": 2, "dropout": 0.4},
        {"zoneout": {"h": 0.1}, "recurrent_dropout": 0.2, "weight_dropout": 0.3, "learn_initial": True},
        {"layers": 3, "connection": "highway", "layer_norm": True, "dropout": 0.2, "variational": True},
        {"layers": 2, "connection": "skip"},
        {"input_noise": 0.1, "weight_noise": 0.05, "cell": "gru"},
        {"cell": "gru-reset-after", "tied": True, "embedding_size": 7},
        {"embedding_size": 0},
        {"clip_norm": None, "clip_value": 0.02},
    ],
    ids=str,
)
@pytest.mark.parametrize("split", ["corpus", "documents"])
def test_every_shape(
    setup: Callable[..., Any], tmp_path: Path, options: dict[str, Any], split: str, request: pytest.FixtureRequest
) -> None:
    check_stopped_and_resumed(setup(request.getfixturevalue(split), **options), tmp_path, [StopAt(16)])


def test_patience_is_remembered(setup: Callable[..., Any], tmp_path: Path) -> None:
    given = setup(learning_rate=0.5, optimizer="adam", validate_every=4, patience=4, steps=400)
    check_stopped_and_resumed(given, tmp_path, [StopAt(21)])


def test_without_a_validation_text(
    setup: Callable[..., Any], tmp_path: Path, make_corpus: Callable[..., Corpus], corpus: Corpus
) -> None:
    text = corpus.vocabulary.decode(corpus.tokens)
    check_stopped_and_resumed(setup(make_corpus(text, validation=0)), tmp_path, [StopAt(17)])


def test_longer_than_was_meant_at_first(setup: Callable[..., Any], tmp_path: Path) -> None:
    whole = setup(path=tmp_path / "whole", schedule="constant", steps=40).fitted()
    setup(schedule="constant", steps=30).fitted()
    trainer = setup(schedule="constant", steps=40).resumed()
    assert trainer.position.step == 30
    trainer.fit()
    setup().check_same(trainer, whole)


def test_what_is_finished_stays_finished(setup: Callable[..., Any]) -> None:
    first = setup().fitted()
    again = setup().resumed()
    outcome = again.fit()
    assert outcome.steps == 40
    assert outcome.validation.nats == first.position.best_loss
    setup().check_same(again, first)


def test_seconds_go_on_from_where_they_were(setup: Callable[..., Any]) -> None:
    with pytest.raises(Interrupted):
        setup().trainer([StopAt(7)]).fit()
    trainer = setup().resumed()
    before = trainer.position.seconds
    assert before > 0
    trainer.fit()
    assert trainer.position.seconds > before
    seconds = [row["wall_seconds"] for row in trainer.rows]
    assert seconds == sorted(seconds)


def test_a_stop_while_a_sample_is_drawn_loses_no_sample(
    setup: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = setup(path=tmp_path / "whole", validate_every=12).fitted()
    trainer = setup(validate_every=12).trainer()
    feed, drawn = TextWriter.feed, 0

    def interrupted(writer: TextWriter, symbol: int) -> str:
        nonlocal drawn
        drawn += 1
        if drawn == 9 + 5:  # in the second sample
            os.kill(os.getpid(), signal.SIGINT)
        return feed(writer, symbol)

    with monkeypatch.context() as patch:
        patch.setattr(TextWriter, "feed", interrupted)
        with pytest.raises(Interrupted) as caught:
            trainer.fit()
    assert caught.value.status == 130
    assert trainer.folder.samples.read_text().count("=== step") == 1
    trainer = setup(validate_every=12).resumed()
    assert trainer.position.step == 24
    trainer.fit()
    setup().check_same(trainer, whole)


def test_a_stopped_trainer_can_go_on_itself(setup: Callable[..., Any], tmp_path: Path) -> None:
    whole = setup(path=tmp_path / "whole").fitted()
    trainer = setup().trainer([StopAt(11, real=True)])
    with pytest.raises(Interrupted):
        trainer.fit()
    trainer.fit()
    setup().check_same(trainer, whole)


# --- what else can lie in the folder ------------------------------------------------------------------


def stopped(setup: Any, *steps: int) -> list[Path]:
    """A run with a checkpoint at each of some updates, as far as they are kept."""
    with pytest.raises(Interrupted):
        setup.trainer([StopAt(steps[0])]).fit()
    for step in steps[1:]:
        with pytest.raises(Interrupted):
            setup.resumed([StopAt(step)]).fit()
    return sorted((setup.path / "checkpoints").iterdir())


def damage(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-5] ^= 4
    path.write_bytes(raw)


def test_two_checkpoints_are_kept(setup: Callable[..., Any]) -> None:
    paths = stopped(setup(), 5, 9, 13)
    assert [path.name for path in paths] == ["step-0000000009.safetensors", "step-0000000013.safetensors"]


@pytest.mark.parametrize("how", [damage, lambda path: path.write_bytes(b""), lambda path: os.truncate(path, 1000)])
def test_a_damaged_checkpoint_is_passed_over(
    setup: Callable[..., Any], tmp_path: Path, how: Callable[[Path], Any]
) -> None:
    whole = setup(path=tmp_path / "whole", validate_every=6).fitted()
    given = setup(validate_every=6)
    paths = stopped(given, 9, 20)
    how(paths[-1])
    notes = Notes()
    trainer = given.resumed([notes])
    assert len(notes.texts) == 1
    assert str(paths[-1]) in notes.texts[0]
    assert "one before" in notes.texts[0]
    # validations until 20, their rows and samples are made again, not twice
    assert trainer.position.step == 18
    assert [row["step"] for row in trainer.folder.rows()] == [3, 6, 6, 9, 12, 12, 15, 18, 18]
    trainer.fit()
    given.check_same(trainer, whole)


def test_going_back_before_a_validation_makes_nothing_twice(setup: Callable[..., Any], tmp_path: Path) -> None:
    whole = setup(path=tmp_path / "whole", validate_every=6).fitted()
    given = setup(validate_every=6)
    stopped(given, 11)
    with pytest.raises(Interrupted):
        given.resumed([StopAt(12, "on_validation")]).fit()
    assert given.trainer().folder.samples.read_text().count("=== step") == 2
    damage(checkpoint_path(given.path / "checkpoints", 12))
    trainer = given.resumed()
    assert trainer.position.step == 11
    trainer.fit()
    given.check_same(trainer, whole)


def test_no_good_checkpoint_is_said(setup: Callable[..., Any]) -> None:
    for path in stopped(setup(), 5, 9):
        damage(path)
    notes = Notes()
    with pytest.raises(DamagedFileError, match=r"all checkpoints in .*checkpoints are damaged"):
        setup().resumed([notes])
    assert len(notes.texts) == 2


def test_another_file_is_no_checkpoint(setup: Callable[..., Any]) -> None:
    trainer = setup().fitted()
    model = (trainer.folder.model / "model.safetensors").read_bytes()
    checkpoint_path(trainer.folder.checkpoints, 999).write_bytes(model)
    notes = Notes()
    assert setup().resumed([notes]).position.step == 40
    assert "is not a checkpoint" in notes.texts[0]


def test_no_checkpoint_at_all_is_said(setup: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        setup().resumed()


def test_other_data_are_refused(setup: Callable[..., Any], make_corpus: Callable[..., Corpus], corpus: Corpus) -> None:
    stopped(setup(), 5)
    text = corpus.vocabulary.decode(corpus.tokens)
    changed = make_corpus(text[:300] + text[301] + text[300] + text[302:])
    assert changed.vocabulary == corpus.vocabulary
    with pytest.raises(InputError, match="data"):
        setup(changed).resumed()


@pytest.mark.parametrize("shape", [{"hidden_size": 11}, {"layers": 2}, {"cell": "gru"}, {"embedding_size": 0}])
def test_another_model_is_refused(setup: Callable[..., Any], shape: dict[str, Any]) -> None:
    stopped(setup(), 5)
    with pytest.raises(InputError, match="model is not the one"):
        setup(**shape).resumed()


def test_metrics_are_cut_back_to_the_checkpoint(setup: Callable[..., Any], tmp_path: Path) -> None:
    whole = setup(path=tmp_path / "whole").fitted()
    given = setup()
    stopped(given, 10)
    metrics = given.path / "metrics.jsonl"
    good = metrics.read_text()
    metrics.write_text(good + good + '{"kind": "train", "st')
    trainer = given.resumed()
    assert metrics.read_text() == good
    trainer.fit()
    given.check_same(trainer, whole)


def test_metrics_that_a_crash_shortened_do_not_spoil_what_follows(setup: Callable[..., Any]) -> None:
    given = setup()
    stopped(given, 10)
    metrics = given.path / "metrics.jsonl"
    metrics.write_text(metrics.read_text()[:-30])
    with pytest.raises(Interrupted):
        given.resumed([StopAt(20)]).fit()
    metrics.write_text(metrics.read_text() + '{"kind": "train", "step": 21, "loss": 1.0}\n')
    assert [row["step"] for row in given.resumed().rows] == [3, 6, 12, 15, 15, 18]


# --- disks that are full -------------------------------------------------------------------------------


class FullDisk(Callback):
    """From an update on, the disk is full: flushing or renaming a file fails."""

    def __init__(self, step: int, patch: pytest.MonkeyPatch, where: str) -> None:
        self.step, self.patch, self.where = step, patch, where

    def on_update(self, trainer: Trainer) -> None:
        if trainer.position.step == self.step:
            self.patch.setattr(*{"fsync": (os, "fsync"), "rename": (Path, "replace")}[self.where], no_space)


def no_space(*arguments: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("where", ["fsync", "rename"])
def test_a_full_disk_leaves_what_was_there(
    setup: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    whole = setup(path=tmp_path / "whole").fitted()
    given = setup()
    with monkeypatch.context() as patch, pytest.raises(StorageError, match="No space left"):
        given.trainer([FullDisk(20, patch, where)]).fit()
    assert not list(given.path.rglob("*.part"))
    trainer = given.resumed()
    assert trainer.position.step == 15
    trainer.fit()
    given.check_same(trainer, whole)


def test_a_full_disk_while_a_row_is_written(
    setup: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = setup(path=tmp_path / "whole").fitted()
    given = setup()
    trainer = given.trainer()
    written = trainer.folder.append_row

    def half(row: dict[str, Any]) -> None:
        if row["step"] == 21:
            with trainer.folder.metrics.open("a") as file:
                file.write('{"kind": "tr')
            raise StorageError("cannot write metrics.jsonl (No space left on device)")
        written(row)

    monkeypatch.setattr(trainer.folder, "append_row", half)
    with pytest.raises(StorageError):
        trainer.fit()
    trainer = given.resumed()
    trainer.fit()
    given.check_same(trainer, whole)


def test_a_file_where_the_checkpoints_should_be(setup: Callable[..., Any]) -> None:
    given = setup()
    given.path.mkdir(parents=True)
    (given.path / "checkpoints").write_text("in the way")
    with pytest.raises(StorageError, match="checkpoints"):
        given.trainer().fit()
    assert (given.path / "checkpoints").read_text() == "in the way"
