"""A trained network lies below 'neither', an untrained layer too; the report says which expectation fails."""

from __future__ import annotations

import pytest

from gatework.studies import Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.published.binary_memory.study import LAGS, STUDY
from gatework.studies.sources.coins import floors

SHORT = {"cell": "elman", "optimizer": "adagrad", "rate": 0.1, "window": 10, "state": 16, "trained": "all", "seed": 1}


def test_a_window_of_ten_learns_the_near_dependency_in_a_few_updates():
    measured = STUDY.measure({**SHORT, "updates": 150})
    assert floors()["both"] < measured["loss"] < floors()["near"] + 0.05
    assert len(measured["memory"]) == LAGS
    assert measured["parameters"] == 16 * (1 + 16 + 1) + 17


def test_the_output_layer_alone_reads_what_an_untrained_layer_carries():
    measured = STUDY.measure({**SHORT, "updates": 400, "window": 5, "trained": "readout"})
    assert floors()["near"] < measured["loss"] < floors()["neither"] - 0.01
    assert measured["memory"][3] > 0.95


def test_all_windows_sizes_and_optimizers_are_planned_once():
    plan = STUDY.plan(Scope(), Trials([]))
    keys = [tuple(one.items()) for one in plan]
    assert len(set(keys)) == len(keys)
    assert {(one["window"], one["state"]) for one in plan} == {(w, s) for w in (1, 5, 10, 20) for s in (4, 16)}
    assert {one["optimizer"] for one in plan} == {"adagrad", "adam", "sgd"}


def test_other_optimizers_have_the_rate_that_was_best_on_a_seed_that_is_not_counted():
    first = STUDY.plan(Scope(), Trials([]))
    tries = [one for one in first if one["optimizer"] != "adagrad"]
    assert {one["seed"] for one in tries} == {0}
    made = Trials([Trial(one, {"loss": abs(one["rate"] - 0.51)}, 1.0) for one in first])
    later = [one for one in STUDY.plan(Scope(), made) if one not in first]
    assert {(one["optimizer"], one["rate"]) for one in later} == {("adam", 0.03), ("sgd", 0.5)}
    assert {one["seed"] for one in later} == {1, 2, 3, 4}


@pytest.fixture
def short_plan(monkeypatch):
    monkeypatch.setattr("gatework.studies.published.binary_memory.study.HELD_OUT", 150)
    plan = [{**one, "updates": 9} for one in STUDY.plan(Scope(quick=True), Trials([]))]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan)


@pytest.mark.usefixtures("short_plan")
def test_a_report_of_short_trials(tmp_path, told):
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    told(STUDY, trials[:1])
    text = told(STUDY, trials)
    assert len(trials.good) == 10
    for name in ("curves", "memory"):
        assert 10_000 < (tmp_path / f"{name}.png").stat().st_size < 200_000
    assert "| adagrad | 0.1 | 10 | 4 | both | 0.454454 |" in text
    assert "| 16 | readout only | - | 0.661563 |" in text
    assert "*Readout only* ends below" in text or "*Readout only* does not always end below" in text
