"""Both styles learn from the same coins; later seeds take the rate that was best; the report has its claims."""

from __future__ import annotations

from gatework.studies import Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.published.bptt_styles.study import RATES, STUDY
from gatework.studies.sources.coins import floors


def test_moving_by_one_step_makes_an_update_for_each():
    short = {"steps": 40, "n": 4, "rate": 0.01, "seed": 1}
    assert STUDY.measure({**short, "style": "side by side"})["updates"] == 10
    assert STUDY.measure({**short, "style": "by one step"})["updates"] == 37


def test_a_window_of_nine_that_moves_by_one_step_learns_the_near_coin():
    measured = STUDY.measure({"steps": 500, "n": 9, "style": "by one step", "rate": 0.01, "seed": 1})
    assert floors()["both"] < measured["loss"] < floors()["near"] + 0.08
    assert measured["seconds_spent"] == sorted(measured["seconds_spent"])
    assert measured["steps_read"][-1] <= 500


def test_counted_seeds_take_the_rate_that_was_best_on_another():
    first = STUDY.plan(Scope(), Trials([]))
    assert {one["seed"] for one in first} == {0}
    made = Trials([Trial(one, {"loss": abs(one["rate"] - RATES[1])}, 1.0) for one in first])
    later = [one for one in STUDY.plan(Scope(), made) if one not in first]
    assert {one["seed"] for one in later} == {1, 2, 3, 4}
    assert {one["rate"] for one in later} == {RATES[1]}
    assert len(later) == 4 * len(first) / len(RATES)


def test_a_report_of_short_trials(tmp_path, monkeypatch, told):
    plan = STUDY.plan
    monkeypatch.setattr(type(STUDY), "plan", lambda self, *given: [{**one, "steps": 60} for one in plan(*given)])
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    told(STUDY, trials[:1])
    text = told(STUDY, trials)
    assert len(trials.good) == 4
    assert 10_000 < (tmp_path / "curves.png").stat().st_size < 200_000
    assert "| 9 | side by side (k1 = k2 = n) | 67% | 11% | 1 |" in text
    assert "| 9 | by one step (k1 = 1, k2 = n) | 100% | 100% | 9 |" in text
    assert "difference on the same coins: " in text
