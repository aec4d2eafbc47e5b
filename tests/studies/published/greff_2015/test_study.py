"""Variants meet the same draws and are compared draw by draw."""

from __future__ import annotations

import pytest

from gatework.studies import Interval, Report, Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.published.greff_2015.study import RANGES, STUDY, TASKS, VARIANTS, differences, judged


def trial(variant, seed, test, error=""):
    return Trial({"variant": variant, "seed": seed}, {} if error else {"test": test}, 1.0, error)


def test_all_variants_meet_the_same_draws():
    plan = STUDY.plan(Scope(), Trials([]))
    drawn = {name: [[one[key] for key in RANGES] for one in plan if one["variant"] == name] for name in VARIANTS}
    assert all(draws == drawn["V"] for draws in drawn.values())
    assert len(drawn["V"]) == len(TASKS) * 12
    assert len({tuple(draw) for draw in drawn["V"]}) == 12
    assert all(isinstance(one["width"], int) and 20 <= one["width"] <= 200 for one in plan)


def test_differences_are_taken_in_pairs_of_one_draw():
    vanilla = [trial("V", seed, loss) for seed, loss in ((1, 3.0), (2, 70.0), (3, 5.0), (5, 1.0))]
    other = [trial("NP", 3, 7.0), trial("NP", 1, 4.0), trial("NP", 2, 0.0, "DivergedError"), trial("NP", 4, 9.0)]
    found = differences("NP", Trials(vanilla + other))
    assert (found.mean, found.count) == (pytest.approx(1.5), 2)


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        (Interval(2.0, 1.0, 3), "worse"),
        (Interval(-2.0, 1.0, 3), "better"),
        (Interval(1.0, 2.0, 3), "no clear difference"),
        (Interval(1.0, float("nan"), 1), None),
    ],
)
def test_an_interval_without_zero_is_a_difference(interval, word):
    assert judged(interval) == word


def test_a_report_of_short_trials(tmp_path, monkeypatch, gatework_data):
    plan = type(STUDY).plan(STUDY, Scope(quick=True), Trials([]))
    short = [
        {**one, "width": 20, "updates": 2} if "updates" in one else {**one, "width": 20, "epochs": 1}
        for one in plan
        if one["seed"] <= 2 and one["variant"] in ("V", "FGR") and one["task"] == "characters"
    ]
    short += [{**one, "width": 20, "epochs": 1} for one in plan[:1]]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: short)
    scope = Scope(quick=True)
    trials = run_study(STUDY, scope, StudyFolder(tmp_path / "s", STUDY.name))
    report = Report(tmp_path)
    STUDY.report(trials, report, scope)
    text = report.markdown(STUDY, scope, trials, 1.0)
    assert not trials.failed
    assert len(trials) == 5
    assert "| NFG | no forget gate | worse | not measured | not measured | not measured | 0 | 0 |" in text
    assert "| FGR | full gate recurrence | not better |" in text
    assert (tmp_path / "differences.png").stat().st_size > 10_000
