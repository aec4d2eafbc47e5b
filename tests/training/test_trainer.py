"""The loop: limits, clipping, what is kept, what stops it, and who is told."""

from __future__ import annotations

import json
import math
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gatework.data import Corpus
from gatework.errors import DivergedError, InputError
from gatework.generation import SampleWriter, generate
from gatework.models import LanguageModel
from gatework.models.language import cross_entropy
from gatework.models.pretrained import own_tensors
from gatework.settings import StreamTraining
from gatework.training import Callback, RunFolder, Trainer, evaluate, fit


class Recorder(Callback):
    """Writes down every event."""

    def __init__(self, each: Callable[[Trainer], Any] = lambda trainer: None) -> None:
        self.events: list[tuple[str, int, Any]] = []
        for name in ("start", "update", "log", "validation", "end", "exit"):
            setattr(self, f"on_{name}", self._writer(name, each))

    def _writer(self, name: str, each: Callable[[Trainer], Any]) -> Callable[..., None]:
        def write(trainer: Trainer, *arguments: Any) -> None:
            self.events.append((name, trainer.position.step, each(trainer)))

        return write

    def of(self, name: str) -> list[Any]:
        return [value for event, _, value in self.events if event == name]


def parameters(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in own_tensors(trainer.model).items()}


# --- events and rows ----------------------------------------------------------------------------------


def test_events_come_in_order(setup: Callable[..., Any]) -> None:
    recorder = Recorder()
    setup(path=None, steps=7, log_every=3, validate_every=6).trainer([recorder]).fit()
    assert [event[:2] for event in recorder.events] == [
        ("start", 0),
        ("update", 1),
        ("update", 2),
        ("log", 3),
        ("update", 3),
        ("update", 4),
        ("update", 5),
        ("log", 6),
        ("update", 6),
        ("validation", 6),
        ("update", 7),
        ("log", 7),
        ("validation", 7),
        ("end", 7),
        ("exit", 7),
    ]


def test_rows_hold_what_happened(setup: Callable[..., Any]) -> None:
    losses: list[float] = []
    given = setup(steps=8, log_every=3, clip_norm=None)
    trainer = given.trainer([Recorder()])
    loss = trainer.objective.bptt.loss

    def watched(*arguments: Any) -> Any:
        value, state = loss(*arguments)
        losses.append(float(value.detach()))
        return value, state

    object.__setattr__(trainer.objective.bptt, "loss", watched)
    outcome = trainer.fit()
    assert outcome.rows == trainer.folder.rows() == trainer.rows
    training = [row for row in outcome.rows if row["kind"] == "train"]
    assert [row["step"] for row in training] == [3, 6, 8]
    means = [sum(part) / len(part) for part in (losses[:3], losses[3:6], losses[6:])]
    assert [row["loss"] for row in training] == pytest.approx(means)
    assert all(row["bits"] == pytest.approx(row["loss"] / math.log(2)) for row in outcome.rows)
    assert [row["epoch"] for row in training] == [round(step / 15, 4) for step in (3, 6, 8)]
    (validation,) = [row for row in outcome.rows if row["kind"] == "validation"]
    assert validation["loss"] == outcome.validation.nats
    assert (outcome.reason, outcome.steps, outcome.step) == ("limit", 8, 8)


def test_a_failing_training_still_tells_that_it_is_left(setup: Callable[..., Any]) -> None:
    class Fails(Callback):
        def on_update(self, trainer: Trainer) -> None:
            raise ZeroDivisionError

    recorder = Recorder()
    with pytest.raises(ZeroDivisionError):
        setup().trainer([recorder, Fails()]).fit()
    assert recorder.events[-1][0] == "exit"


def test_one_update_by_hand(setup: Callable[..., Any]) -> None:
    given = setup(path=None, steps=2, warmup=0, schedule="constant", optimizer="sgd", learning_rate=0.3, clip_norm=0.05)
    trainer = given.trainer()
    seen = Recorder(parameters)
    trainer.callbacks = [seen]
    model = given.trainer().model  # the same weights
    state = None
    trainer.fit()
    for update in range(2):
        window = trainer.objective.streams[update]
        logits, state = model(window.inputs, state, resets=window.resets)
        state = tuple(tuple(part.detach() for part in layer) for layer in state)
        cross_entropy(logits, window.targets).backward()
        norm = math.sqrt(sum(float(p.grad.double().pow(2).sum()) for p in model.parameters()))
        assert norm > 0.05
        for parameter in model.parameters():
            parameter.data -= 0.3 * parameter.grad * 0.05 / (norm + 1e-6)
            parameter.grad = None
        for name, tensor in own_tensors(model).items():
            torch.testing.assert_close(seen.of("update")[update][name], tensor.data, rtol=1e-4, atol=1e-6)


def test_each_epoch_begins_with_the_initial_state(setup: Callable[..., Any]) -> None:
    recorder = Recorder(lambda trainer: trainer.state is None)
    setup(path=None, steps=31).trainer([recorder]).fit()
    assert [step for step, fresh in enumerate(recorder.of("update"), 1) if fresh] == [15, 30]


# --- clipping -----------------------------------------------------------------------------------------


def norms(trainer: Trainer) -> tuple[float, float, float]:
    gradients = [parameter.grad for parameter in trainer.model.parameters() if parameter.grad is not None]
    norm = math.sqrt(sum(float(g.double().pow(2).sum()) for g in gradients))
    return norm, max((float(g.abs().max()) for g in gradients), default=0.0), trainer.gradient_norm


def test_clipping(setup: Callable[..., Any]) -> None:
    def measured(**options: Any) -> list[tuple[float, float, float]]:
        recorder = Recorder(norms)
        setup(path=None, steps=1, **options).trainer([recorder]).fit()
        return recorder.of("update")

    ((free, largest, shown),) = measured(clip_norm=None)
    assert shown == pytest.approx(free, rel=1e-5)
    ((norm, _, shown),) = measured(clip_norm=free / 3)
    assert norm == pytest.approx(free / 3, rel=1e-4)
    assert shown == pytest.approx(free, rel=1e-5)  # the norm before clipping
    assert measured(clip_norm=2 * free)[0][0] == pytest.approx(free, rel=1e-5)
    ((norm, value, shown),) = measured(clip_norm=None, clip_value=largest / 2)
    assert value == pytest.approx(largest / 2)
    assert free / 2 < norm < free
    assert shown == pytest.approx(free, rel=1e-5)


# --- limits and the best model --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"steps": 7}, 7),
        ({"steps": None, "epochs": 1}, 15),
        ({"steps": None, "epochs": 0.5}, 8),
        ({"steps": None, "epochs": 1e-6}, 1),
        ({"steps": 40, "epochs": 2}, 30),
        ({"steps": 20, "epochs": 2}, 20),
        ({"steps": 20, "minutes": 1000}, 20),
    ],
    ids=str,
)
def test_the_first_limit_ends_it(setup: Callable[..., Any], options: dict[str, Any], steps: int) -> None:
    outcome = setup(path=None, **options).trainer().fit()
    assert (outcome.steps, outcome.reason) == (steps, "limit")
    assert outcome.epochs == pytest.approx(steps / 15)


class Clock:
    """A clock that only work moves: so many seconds an update, so many a validation."""

    def __init__(self, update: float, validation: float) -> None:
        self.now = 1000.0
        self.update, self.validation = update, validation

    def install(self, trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
        patch.setattr("gatework.training.trainer.time", SimpleNamespace(perf_counter=lambda: self.now))
        trainer._since = self.now
        for name, seconds in (("loss", self.update), ("score", self.validation)):
            setattr(trainer.objective, name, self._taking(seconds, getattr(trainer.objective, name)))

    def _taking(self, seconds: float, work: Callable[..., Any]) -> Callable[..., Any]:
        def slow(*arguments: Any) -> Any:
            self.now += seconds
            return work(*arguments)

        return slow


@pytest.mark.parametrize("validation", [0.1, 4.0, 9.0])
@pytest.mark.parametrize("options", [{}, {"epochs": 500}, {"validate_every": 10}, {"validate_every": 1000}], ids=str)
def test_minutes_end_on_time_with_the_rate_annealed(
    setup: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, validation: float, options: dict[str, Any]
) -> None:
    recorder = Recorder(lambda trainer: trainer.optimizer.param_groups[0]["lr"])
    trainer = setup(path=None, steps=None, minutes=1, learning_rate=0.01, **options).trainer([recorder])
    clock = Clock(1.0, validation)
    clock.install(trainer, monkeypatch)
    outcome = trainer.fit()
    spent = clock.now - 1000
    assert spent == pytest.approx(outcome.seconds)
    # never later than one update, and one validation where none has shown what it costs
    unforeseen = validation if options.get("validate_every") == 1000 else 0
    assert 60 - validation - 1 <= spent <= 60 + unforeseen + 1.001
    rates = recorder.of("update")
    assert rates[-1] < 0.02 * max(rates)
    assert max(rates) > 0.0095 if validation < 9 else max(rates) > 0.005
    assert outcome.rows[-1]["kind"] == "validation"
    assert outcome.rows[-1]["step"] == outcome.steps


def test_the_model_kept_is_the_one_of_lowest_validation_loss(setup: Callable[..., Any], tmp_path: Path) -> None:
    options = {
        "learning_rate": 2.0,
        "optimizer": "adam",
        "schedule": "constant",
        "validate_every": 2,
        "clip_norm": None,
    }
    for path in (None, tmp_path / "run"):
        recorder = Recorder(parameters)
        trainer = setup(path=path, **options).trainer([recorder])
        outcome = trainer.fit()
        validations = [row for row in outcome.rows if row["kind"] == "validation"]
        losses = [row["loss"] for row in validations]
        best = losses.index(min(losses))
        assert losses[-1] > losses[best] + 0.01  # the last is not the best
        assert outcome.validation.nats == losses[best]
        assert outcome.step == validations[best]["step"]
        kept = recorder.of("validation")[best]
        assert all(torch.equal(tensor, kept[name]) for name, tensor in own_tensors(trainer.model).items())
        assert not trainer.model.training
        assert evaluate(trainer.model, trainer.data.validation) == outcome.validation
        if path is not None:
            saved = own_tensors(LanguageModel.from_pretrained(trainer.folder.model))
            assert all(torch.equal(tensor, kept[name]) for name, tensor in saved.items())


def test_patience_stops_after_so_many_without_progress(setup: Callable[..., Any]) -> None:
    options = {"learning_rate": 0.5, "optimizer": "adam", "schedule": "constant", "clip_norm": None, "steps": 400}
    outcome = setup(path=None, validate_every=2, patience=3, **options).trainer().fit()
    losses = [row["loss"] for row in outcome.rows if row["kind"] == "validation"]
    assert outcome.reason == "patience"
    assert losses.index(min(losses)) == len(losses) - 4
    assert all(
        min(losses[n - 2 : n + 1]) < min(losses[: n - 2]) for n in range(3, len(losses) - 1)
    )  # and not a validation later than it could
    assert outcome.steps == 2 * len(losses)


def test_without_a_validation_text_the_newest_is_kept(
    setup: Callable[..., Any], corpus: Corpus, make_corpus: Callable[..., Corpus]
) -> None:
    whole = make_corpus(corpus.vocabulary.decode(corpus.tokens), validation=0)
    recorder = Recorder(parameters)
    trainer = setup(whole, steps=20).trainer([recorder])
    outcome = trainer.fit()
    assert outcome.validation is None
    assert outcome.step == 20
    last = recorder.of("update")[-1]
    assert all(torch.equal(tensor, last[name]) for name, tensor in own_tensors(trainer.model).items())
    saved = own_tensors(LanguageModel.from_pretrained(trainer.folder.model))
    assert all(torch.equal(tensor, last[name]) for name, tensor in saved.items())


def test_training_learns(setup: Callable[..., Any]) -> None:
    outcome = setup(path=None, steps=200, learning_rate=0.02).trainer().fit()
    losses = [row["loss"] for row in outcome.rows if row["kind"] == "train"]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("sizes", [{"batch": 500}, {"window": 600}])
def test_a_corpus_too_short_is_said_before_anything_is_written(
    setup: Callable[..., Any], sizes: dict[str, int], tmp_path: Path, corpus: Corpus
) -> None:
    with pytest.raises(InputError, match="too few"):
        setup(**sizes).trainer()
    model = LanguageModel.build(corpus.vocabulary, hidden_size=7)
    with pytest.raises(InputError, match="too few"):
        fit(model, corpus, folder=tmp_path / "new", **sizes)
    assert not (tmp_path / "new").exists()


def test_a_device_that_is_not_there_is_named(setup: Callable[..., Any]) -> None:
    for name in ("quantum", "cuda:77"):
        with pytest.raises(InputError, match=name):
            setup(device=name).trainer()


def test_a_training_in_a_thread_needs_no_signals(setup: Callable[..., Any]) -> None:
    outcomes: list[Any] = []
    trainer = setup(path=None, steps=3).trainer()
    thread = threading.Thread(target=lambda: outcomes.append(trainer.fit()))
    thread.start()
    thread.join()
    assert outcomes[0].steps == 3


# --- divergence ---------------------------------------------------------------------------------------


class Poison(Callback):
    """Makes the next loss, gradient or parameter no number."""

    def __init__(self, step: int, what: str) -> None:
        self.step, self.what = step, what

    def on_update(self, trainer: Trainer) -> None:
        if trainer.position.step != self.step:
            return
        bias = trainer.model.output.bias
        if self.what == "loss":
            bias.data[0] = math.nan
        elif self.what == "parameter":
            bias.data[0] = math.inf
        else:
            bias.register_hook(lambda gradient: gradient * math.inf)


@pytest.mark.parametrize("what", ["loss", "gradient", "parameter"])
def test_no_number_stops_it_by_name_and_spoils_nothing(setup: Callable[..., Any], what: str) -> None:
    good = setup(steps=40, validate_every=12).trainer()
    before: dict[str, Any] = {}

    class Keep(Callback):
        def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
            before.update({path: path.read_bytes() for path in trainer.folder.path.rglob("*.safetensors")})

    good.callbacks = [Keep(), Poison(17, what)]
    with pytest.raises(DivergedError, match="step 18") as caught:
        good.fit()
    assert "learning-rate" in str(caught.value)
    assert str(good.folder.checkpoints) in str(caught.value)
    assert {path: path.read_bytes() for path in good.folder.path.rglob("*.safetensors")} == before
    assert {path.parent.name for path in before} == {"model", "checkpoints"}
    assert setup(validate_every=12).resumed().position.step == 12
    assert all(math.isfinite(row["loss"]) for row in good.folder.rows())


@pytest.mark.parametrize("validation", [0.1, 0])
@pytest.mark.parametrize("path", [True, False])
def test_an_update_that_overflows_is_not_kept(
    setup: Callable[..., Any],
    tmp_path: Path,
    validation: float,
    path: bool,
    corpus: Corpus,
    make_corpus: Callable[..., Corpus],
) -> None:
    text = make_corpus(corpus.vocabulary.decode(corpus.tokens), validation=validation)
    given = setup(text, path=tmp_path / "run" if path else None, steps=1, learning_rate=1e38, warmup=0)
    with pytest.raises(DivergedError, match="step 1"):
        given.trainer().fit()
    if path:  # nothing but what was there before the first update
        assert [file.name for file in given.path.rglob("*.safetensors")] == ["step-0000000000.safetensors"]


# --- folders ------------------------------------------------------------------------------------------


def test_timed_checkpoints(setup: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = setup(steps=12, checkpoint_minutes=0.05, validate_every=100).trainer()
    Clock(1.0, 0.0).install(trainer, monkeypatch)
    saved = []
    save = trainer.save_checkpoint
    monkeypatch.setattr(trainer, "save_checkpoint", lambda: (saved.append(trainer.position.step), save()))
    trainer.fit()
    assert saved == [0, 4, 8, 12, 12]


def test_no_pickle_anywhere(setup: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **keywords: Any) -> None:
        raise AssertionError("pickle")

    for module, names in ((pickle, ("dump", "dumps", "load", "loads")), (torch, ("save", "load"))):
        for name in names:
            monkeypatch.setattr(module, name, refuse)
    setup(steps=20).fitted()
    setup(steps=30).resumed().fit()
    files = [path for path in setup().path.rglob("*") if path.is_file() and path.name != ".lock"]
    assert {path.suffix for path in files} == {".json", ".jsonl", ".safetensors", ".txt"}


# --- samples ------------------------------------------------------------------------------------------


def test_samples_are_what_the_model_writes(setup: Callable[..., Any]) -> None:
    shown: list[str] = []
    trainer = setup(steps=30, sample_prompt="the ").trainer()
    again: list[str] = []

    class Again(Callback):
        def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
            assert trainer.model.training
            again.append("the " + generate(trainer.model, "the ", length=9, seed=3))

    trainer.callbacks = [SampleWriter(shown.append), Again()]
    trainer.fit()
    assert shown == again
    assert len(shown) == 2
    filed = trainer.folder.samples.read_text()
    rows = [row for row in trainer.rows if row["kind"] == "validation"]
    assert filed == "".join(
        f"=== step {row['step']}, epoch {row['epoch']:.2f}, validation loss {row['loss']:.4f} nats\n{text}\n\n"
        for row, text in zip(rows, shown, strict=True)
    )


def test_a_prompt_of_unknown_symbols_is_found_before_the_first_update(setup: Callable[..., Any]) -> None:
    trainer = setup(sample_prompt="Ω").trainer()
    with pytest.raises(InputError, match="Ω"):
        trainer.fit()
    assert trainer.position.step == 0


def test_no_samples_when_none_are_wanted(setup: Callable[..., Any]) -> None:
    assert not setup(sample_length=0).fitted().folder.samples.exists()


# --- fit ----------------------------------------------------------------------------------------------


def test_three_lines_of_python(corpus: Corpus) -> None:
    model = LanguageModel.build(corpus.vocabulary, cell="gru-reset-after", hidden_size=13, embedding_size=0)
    before = evaluate(model, corpus.validation).nats
    outcome = fit(model, corpus, steps=40, batch=5, window=7, learning_rate=0.02)
    assert outcome.validation.nats == evaluate(model, corpus.validation).nats < before - 0.3
    assert len(generate(model, "the ", length=30, seed=1)) == 30


def test_fit_leaves_a_run_that_can_be_found_and_resumed(corpus: Corpus, tmp_path: Path) -> None:
    model = LanguageModel.build(corpus.vocabulary, hidden_size=7)
    outcome = fit(model, corpus, folder=str(tmp_path / "runs" / "one"), steps=9, batch=5, window=7)
    run = RunFolder.find("one", tmp_path / "runs")
    config = run.read_config()
    assert set(config) == {"task", "data", "model", "training"}
    assert StreamTraining(**config["training"]).steps == 9
    assert LanguageModel.Config(**config["model"]) == model.config
    assert run.rows() == outcome.rows
    with pytest.raises(InputError, match="exists"):
        fit(model, corpus, folder=tmp_path / "runs" / "one", steps=9, batch=5, window=7)
    assert run.rows() == outcome.rows
    again = Trainer(LanguageModel(model.config, corpus.vocabulary), corpus, StreamTraining(**config["training"]), run)
    again.resume()
    assert again.fit().validation == outcome.validation


def test_the_same_seed_trains_the_same(setup: Callable[..., Any], tmp_path: Path) -> None:
    one, two, other = (
        setup(path=tmp_path / name, dropout=0.3, seed=seed).fitted() for name, seed in (("a", 3), ("b", 3), ("c", 3))
    )
    setup().check_same(one, two)
    assert other.folder.rows() != []
    assert json.loads(other.folder.config.read_text())["training"]["seed"] == 3


def test_unknown_options_are_refused(corpus: Corpus) -> None:
    with pytest.raises(InputError, match="did you mean 'learning_rate'"):
        fit(LanguageModel.build(corpus.vocabulary), corpus, learnin_rate=1)
