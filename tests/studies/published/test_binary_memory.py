"""The coins have the frequencies that the source says; the floors are its figures."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.studies import Report, Scope, StudyFolder, run_study
from gatework.studies.published.binary_memory import STUDY, coins, floors


def test_floors_are_the_published_ones():
    assert list(floors().values()) == pytest.approx([0.661563, 0.519167, 0.454454], abs=1e-6)


def test_coins_depend_on_the_third_and_the_eighth_before():
    x, y = coins(200_000, np.random.default_rng(5))
    near, far = x[5:-3], x[:-8]
    for first in (0, 1):
        for second in (0, 1):
            share = y[8:][(near == first) & (far == second)].mean()
            assert share == pytest.approx(0.5 + 0.5 * first - 0.25 * second, abs=0.01)


def test_a_report_of_short_trials(tmp_path, monkeypatch):
    plan = [{**one, "updates": 9} for one in STUDY.plan(Scope(quick=True), [])]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan)
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    report = Report(tmp_path)
    STUDY.report(trials, report, Scope(quick=True))
    assert len(trials.good) == 8
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    assert "| adagrad | 10 | 4 | both | 0.454454 |" in report.markdown(STUDY, Scope(quick=True), trials, 1.0)
