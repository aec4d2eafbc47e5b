"""What the search found is judged as the published cells are; the report has the claims and cells per hour."""

from __future__ import annotations

import pytest

from gatework.studies import Report, Scope, StudyFolder, Trials, make_trial, run_study
from gatework.studies.published.jozefowicz_2015 import STUDY, next_character, study
from gatework.studies.published.jozefowicz_2015.comparison import ComparisonSize
from gatework.studies.published.jozefowicz_2015.search import SearchSize


def test_what_no_kernel_can_do_fails_alone():
    about = {"part": "search", "updates": 2, "parameters": 300, "rate": 0.01, "seed": 1, "judged_on": "validation"}
    assert make_trial(STUDY, {**about, "definitions": [["h", ["affine", "one"]]]}).error.startswith("EngineError")


def written(trials, folder):
    report = Report(folder)
    STUDY.report(trials, report, Scope(quick=True))
    return report.markdown(STUDY, Scope(quick=True), trials, 1.0)


def test_a_report_of_short_trials(tmp_path, monkeypatch):
    monkeypatch.setattr(next_character, "JUDGED", 50)
    monkeypatch.setattr(study, "QUICK_CELLS", ("LSTM", "LSTM-b", "GRU", "MUT1"))
    monkeypatch.setattr(study, "COMPARISON", {True: ComparisonSize(2, 900, rates=(0.01,))})
    monkeypatch.setattr(study, "SEARCH", {True: SearchSize(2, 4, 2, updates=2, parameters=900, finalists=1)})
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    assert [len(trials.where(part=part)) for part in ("rate", "compare", "search")] == [5, 10, 8]
    text = written(trials, tmp_path)
    assert "| XML | closed |" in text
    assert "cells an hour**" in text
    assert "The equations of *found 1*" in text
    assert "who remembers every open name" in text
    assert (tmp_path / "search.png").stat().st_size > 5_000
    assert (tmp_path / "accuracy.png").stat().st_size > 5_000
    found = trials.where(part="compare", cell="found 1")
    assert {trial.settings["judged_on"] for trial in found} == {"test"}
    searched = [trial.settings["definitions"] for trial in trials.where(part="search")]
    assert found[0].settings["definitions"] in searched[3:]


@pytest.mark.parametrize("kept", [0, 1, 4, 5])
def test_a_report_on_what_was_made_so_far(tmp_path, kept, monkeypatch):
    monkeypatch.setattr(study, "COMPARISON", {True: ComparisonSize(2, 900, rates=(0.01,))})
    monkeypatch.setattr(type(STUDY), "measure", lambda self, settings: 1 / 0)
    plan = STUDY.plan(Scope(quick=True), Trials([]))[:kept]
    text = written(Trials([make_trial(STUDY, settings) for settings in plan]), tmp_path)
    assert "nan" not in text.split("## Failed")[0]
