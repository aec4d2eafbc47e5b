"""The study optimizers on a short text; what is published is held against what was measured."""

from __future__ import annotations

import pytest
import torch

from gatework.settings import StreamTraining
from gatework.studies import Report, Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.comparison import speeds
from gatework.studies.published.optimizers import METHODS, STUDY, claim_rows, how_much_rates_matter
from gatework.training.optimizers import make_optimizer


@pytest.fixture
def short(tmp_path, monkeypatch):
    """A short text in the place of Tiny Shakespeare, and short trainings on it."""
    text = "the cat sat on the mat. a dog ran to the door,\nand out it went. " * 250
    (tmp_path / "tinyshakespeare.txt").write_text(text)
    monkeypatch.setenv("GATEWORK_DATA", str(tmp_path))
    monkeypatch.setattr(type(STUDY), "quick_updates", 3)
    model = {"cell": "lstm", "hidden_size": 11, "embedding_size": 5}
    training = {"batch": 3, "window": 7, "schedule": "constant", "warmup": 0}
    monkeypatch.setattr(type(STUDY), "settings", lambda self: {"model": model, "training": training})
    monkeypatch.setattr(speeds, "TURNS", 1)
    return tmp_path


def test_methods_are_those_of_their_papers():
    parameter = torch.nn.Parameter(torch.ones(1))
    made = {name: make_optimizer([parameter], StreamTraining(**own)).defaults for name, (own, _) in METHODS.items()}
    assert made["SGD"]["momentum"] == 0
    assert (made["momentum 0.9"]["momentum"], made["momentum 0.9"]["nesterov"]) == (0.9, False)
    assert (made["Nesterov 0.9"]["momentum"], made["Nesterov 0.9"]["nesterov"]) == (0.9, True)
    assert (made["Adadelta"]["rho"], made["Adadelta"]["eps"]) == (0.95, 1e-6)
    assert (made["RMSprop 0.9"]["alpha"], made["RMSprop 0.95"]["alpha"]) == (0.9, 0.95)
    assert (made["Adam"]["betas"], made["Adam"]["eps"]) == ((0.9, 0.999), 1e-8)
    assert {one["weight_decay"] for one in made.values()} == {0}


def test_a_report(short):
    folder = StudyFolder(short / "s", STUDY.name)
    trials = run_study(STUDY, Scope(quick=True), folder)
    assert not trials.failed
    assert len(trials) == 1 + 8 * 3 + 8 * 2
    for name in METHODS:
        tried, counted = (trials.where(method=name, stage=stage) for stage in ("rate", "counted"))
        assert {trial["learning_rate"] for trial in counted} == {tried.best("rank")["learning_rate"]}
    report = Report(folder.path)
    STUDY.report(trials, report, Scope(quick=True))
    text = report.markdown(STUDY, Scope(quick=True), trials, 1.0)
    assert "`gatework study optimizers --quick`" in text
    assert all(f"| {name} | " in text for name in METHODS)
    assert "## Samples" not in text
    assert (folder.path / "rates.png").stat().st_size > 8000


def made_up(losses, adadelta):
    """Trials whose losses are given by method, and Adadelta's by rate; ranks of others rise with the rate."""

    def measured(settings):
        if settings["stage"] == "speed":
            return {"speeds": {}}
        if settings["stage"] == "rate":
            rate, first = settings["learning_rate"], METHODS[settings["method"]][1][0]
            return {"rank": adadelta.get(rate, 3.0) if settings["method"] == "Adadelta" else 2.0 + rate / first}
        loss = losses.get(settings["method"], 2.0) + 0.01 * settings["seed"]
        return {"loss": loss, "figures": ["loss"], "parameters": 7, "training_seconds": 1.0}

    trials = Trials([])
    for _ in range(3):
        plan = STUDY.plan(Scope(quick=True), trials)
        trials = Trials([Trial(settings, measured(settings), 1.0) for settings in plan])
    return trials


def claims(trials):
    return {row[0]: row for row in claim_rows(STUDY.comparison(Scope(quick=True)), trials)}


def test_claims_that_hold(short):
    rows = claims(made_up({"momentum 0.9": 1.5, "Nesterov 0.9": 1.4, "Adam": 1.1, "Adagrad": 1.2}, {1.0: 0.5}))
    assert rows["momentum 0.9: lower loss than SGD"][2:] == ("-0.500 ± 0.000", "yes")
    assert rows["Nesterov 0.9: as low a loss, or lower, than momentum 0.9"][3] == "yes, lower"
    assert rows["Adam: as low a loss, or lower, than the best other (Adagrad)"][2:] == ("-0.100 ± 0.000", "yes, lower")
    assert rows["Adadelta: no learning rate needs to be chosen (1)"][2:] == ("0.000", "yes: it was the best")


def test_claims_that_do_not(short):
    rows = claims(made_up({"momentum 0.9": 2.5, "Adam": 1.7, "RMSprop 0.9": 1.2}, {1.0: 2.5, 3.16: 2.25}))
    assert rows["momentum 0.9: lower loss than SGD"][3] == "no: it is higher"
    assert rows["Adam: as low a loss, or lower, than the best other (RMSprop 0.9)"][3] == "no: it is higher"
    assert rows["Adadelta: no learning rate needs to be chosen (1)"][2:] == ("0.250", "3.16 was better")


def test_how_much_rates_matter(short):
    trials = made_up({"Adam": 1.7}, {0.316: 3.0, 1.0: 2.5, 3.16: 2.75})
    text = how_much_rates_matter(STUDY.comparison(Scope(quick=True)), trials)
    assert "differ by 0.300 nats" in text
    assert "too low costs 0.500 on average" in text  # Adadelta's alone: the others' lowest was best
    costs = [rates[1] / rates[0] - 1 for name, (_, rates) in METHODS.items() if name != "Adadelta"]
    assert f"one too high {(sum(costs) + 0.25) / 8:.3f} " in text
