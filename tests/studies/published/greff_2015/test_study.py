"""Variants meet the same draws and are compared draw by draw."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gatework.studies import Interval, Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.published.greff_2015.report import COMPARISONS, VARIANTS, difference, judged
from gatework.studies.published.greff_2015.study import RANGES, STUDY, TASKS, drawn
from gatework.studies.search import Space


def trial(variant, seed, test, error=""):
    return Trial({"variant": variant, "seed": seed}, {} if error else {"test": test}, 1.0, error)


def test_all_variants_meet_the_same_draws():
    plan = STUDY.plan(Scope(), Trials([]))
    pairs = [(one["variant"], [one[key.name] for key in RANGES]) for one in plan]
    by_variant = {name: [draw for variant, draw in pairs if variant == name] for name in VARIANTS}
    assert all(draws == by_variant["V"] for draws in by_variant.values())
    assert len(by_variant["V"]) == len(TASKS) * 12
    assert len({tuple(draw) for draw in by_variant["V"]}) == 12
    assert all(isinstance(one["width"], int) and 20 <= one["width"] <= 200 for one in plan)


def test_differences_are_taken_in_pairs_of_one_draw():
    vanilla = [trial("V", seed, loss) for seed, loss in ((1, 3.0), (2, 70.0), (3, 5.0), (5, 1.0))]
    other = [trial("NP", 3, 7.0), trial("NP", 1, 4.0), trial("NP", 2, 0.0, "DivergedError"), trial("NP", 4, 9.0)]
    found, wider = (difference("NP", Trials(vanilla + other), count) for count in (1, COMPARISONS))
    assert (found.mean, found.count) == (wider.mean, wider.count) == (pytest.approx(1.5), 2)
    assert wider.half_width > found.half_width


def test_draws_are_uniform_in_the_number_or_its_logarithm():
    draws = drawn(Space(RANGES), 4000)
    noise = np.array([one["noise"] for one in draws])
    rate = np.log10([one["rate"] for one in draws])
    assert [noise.mean(), noise.std()] == pytest.approx([1 / 2, 1 / math.sqrt(12)], abs=0.02)
    assert [rate.mean(), rate.std()] == pytest.approx([-1.5, 3 / math.sqrt(12)], abs=0.04)
    assert -3 <= rate.min() < -2.98
    assert -0.02 < rate.max() <= 0
    assert draws[:3] == drawn(Space(RANGES), 3)


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


def test_a_report_of_short_trials(tmp_path, monkeypatch, gatework_data, told):
    plan = type(STUDY).plan(STUDY, Scope(quick=True), Trials([]))
    short = [
        {**one, "width": 20, "updates": 2} if "updates" in one else {**one, "width": 20, "epochs": 1}
        for one in plan
        if one["seed"] <= 2 and one["variant"] in ("V", "FGR") and one["task"] == "characters"
    ]
    short += [{**one, "width": 20, "epochs": 1} for one in plan[:1]]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: short)
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path / "s", STUDY.name))
    told(STUDY, trials[:1])
    text = told(STUDY, trials)
    assert not trials.failed
    assert len(trials) == 5
    assert "| NFG | no forget gate | worse | not measured | not measured | not measured | 0 | 0 |" in text
    assert "| FGR | full gate recurrence | not better |" in text
    assert (tmp_path / "differences.png").stat().st_size > 10_000
