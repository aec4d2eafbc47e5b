"""The report has baseline and published figures; nothing is asked of trials that were not made."""

from __future__ import annotations

import pytest

from gatework.studies import Report, Scope, StudyFolder, Trials, run_study
from gatework.studies.published.long_lag import STUDY


def plan(*pairs):
    base = {"length": 5, "updates": 2, "hidden": 3, "batch": 2, "most": 4, "rate": 0.01}
    return [{**base, "task": task, "cell": cell, "seed": seed} for task, cell in pairs for seed in (0, 1, 2)]


def test_a_report_of_short_trials(tmp_path, monkeypatch):
    pairs = [("adding", "lstm"), ("a^n b^n", "chrono lstm"), ("copying", "lru"), ("digits", "orthogonal")]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan(*pairs))
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    assert not trials.failed
    report = Report(tmp_path)
    STUDY.report(trials, report, Scope(quick=True))
    text = report.markdown(STUDY, Scope(quick=True), trials, 1.0)
    assert "remembers nothing: 0.1667" in text
    assert "| lstm | 0.164 at T=600 |" in text
    assert "## a^n b^n, 5" in text
    assert "| adding, 5 | 0 of 2 (" in text
    assert (tmp_path / "overview.png").stat().st_size > 10_000


@pytest.mark.parametrize("error", ["", "EngineError: no"])
def test_a_report_on_nothing(tmp_path, error, monkeypatch):
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan(("adding", "gru")))
    monkeypatch.setattr(type(STUDY), "measure", lambda *arguments: 1 / 0)
    trials = run_study(STUDY, Scope(), StudyFolder(tmp_path, STUDY.name)) if error else Trials([])
    report = Report(tmp_path)
    STUDY.report(trials, report, Scope())
    text = report.markdown(STUDY, Scope(), trials, 0.0)
    assert "nan" not in text
    assert ("| failed |" in text) == bool(error)
