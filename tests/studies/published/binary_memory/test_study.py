"""A trained network lies below 'neither', an untrained layer too; the report says which expectation fails."""

from __future__ import annotations

import pytest

from gatework.studies import Report, Scope, StudyFolder, run_study
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
    plan = STUDY.plan(Scope(), [])
    keys = [tuple(one.items()) for one in plan]
    assert len(set(keys)) == len(keys)
    assert {(one["window"], one["state"]) for one in plan} == {(w, s) for w in (1, 5, 10, 20) for s in (4, 16)}
    assert {one["optimizer"] for one in plan} == {"adagrad", "adam", "sgd"}


@pytest.fixture
def short_plan(monkeypatch):
    monkeypatch.setattr("gatework.studies.published.binary_memory.study.HELD_OUT", 150)
    plan = [{**one, "updates": 9} for one in STUDY.plan(Scope(quick=True), [])]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan)


@pytest.mark.usefixtures("short_plan")
def test_a_report_of_short_trials(tmp_path):
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    report = Report(tmp_path)
    STUDY.report(trials, report, Scope(quick=True))
    assert len(trials.good) == 10
    for name in ("curves", "memory"):
        assert 10_000 < (tmp_path / f"{name}.png").stat().st_size < 200_000
    told = report.markdown(STUDY, Scope(quick=True), trials, 1.0)
    assert "| adagrad | 0.1 | 10 | 4 | both | 0.454454 |" in told
    assert "| 16 | readout only | - | 0.661563 |" in told
