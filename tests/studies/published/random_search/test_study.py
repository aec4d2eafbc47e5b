"""The study random-search with tiny trainings: every way to search is in its report."""

from __future__ import annotations

import math

from gatework.studies import Scope, StudyFolder, Trials, run_study
from gatework.studies.published.random_search.report import best_so_far
from gatework.studies.published.random_search.study import SPACE, STUDY


def test_the_best_so_far():
    ranks = [("failed", None), ("done", 3.0), ("pruned", 1.0), ("done", 4.0), ("done", 2.5)]
    points = [{"state": state, "rank": rank} for state, rank in ranks]
    assert best_so_far(points) == [math.inf, 3.0, 3.0, 3.0, 2.5]


def test_a_report_of_short_searches(tmp_path, monkeypatch, gatework_data, told):
    tiny = {"updates": 2, "trainings": 8, "characters": 6000}
    plan = [{**one, **tiny} for one in STUDY.plan(Scope(quick=True), Trials([]))[:4]]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan)
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    assert not trials.failed
    drawn, proposed = (trials.where(search=name)[0] for name in ("random", "tpe"))
    assert drawn["points"] == proposed["points"]  # the first ten are drawn at random, with the same seed
    for trial in trials:
        done = [point["rank"] for point in trial["points"] if point["state"] == "done"]
        assert trial["loss"] == min(done)
        assert len(trial["points"]) == 8
    told(STUDY, trials[:1])
    text = told(STUDY, trials)
    assert "Of the best tenth of the random draws (1), " in text
    assert "| TPE | 8 |" in text
    assert all(f"| {one.name} |" in text for one in SPACE)
    assert (tmp_path / "best.png").stat().st_size > 8000
    assert (tmp_path / "settings.png").stat().st_size > 8000
