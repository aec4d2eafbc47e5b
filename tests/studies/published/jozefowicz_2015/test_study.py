"""The search depends on what was measured; what cannot be compiled is counted; the report has cells per hour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatework.studies import Report, Scope, StudyFolder, Trial, Trials, make_trial, run_study
from gatework.studies.published.jozefowicz_2015 import STUDY
from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.search import SearchSize, plan_search, ranked

TINY = SearchSize(2, 4, 2, updates=2, parameters=900, finalists=1, final_updates=2)


def as_json(name):
    return [list(one) for one in KNOWN[name]]


def measured(settings):
    """As if larger cells were better."""
    size = len(str(settings["definitions"]))
    return Trial(settings, {"arithmetic": size / 100, "XML": size / 50, "compile_seconds": 0.5}, 2.0)


def test_a_generation_is_bred_from_the_best_of_those_before():
    first = plan_search(TINY, range(1, 3), Trials([]))
    assert [settings["definitions"] for settings in first[:3]] == [as_json(name) for name in ("GRU", "LSTM-b", "MUT1")]
    assert len(first) == 4
    assert plan_search(TINY, range(1, 3), Trials([measured(one) for one in first[:3]])) == first
    second = plan_search(TINY, range(1, 3), Trials([measured(one) for one in first]))
    assert second[:4] == first
    assert {settings["generation"] for settings in second[4:]} == {1}
    other = plan_search(
        TINY, range(1, 3), Trials([Trial(one, {"arithmetic": -i, "XML": -i}, 1.0) for i, one in enumerate(first, 1)])
    )
    assert other[4:] != second[4:]
    last = plan_search(TINY, range(1, 3), Trials([measured(one) for one in second]))
    finals = last[8:]
    assert len(finals) == 2 * 4
    assert {settings["seed"] for settings in finals} == {101, 102}
    new = [
        one
        for one, _ in ranked(Trials([measured(one) for one in second]))
        if one["definitions"] not in [s["definitions"] for s in first[:3]]
    ]
    assert finals[-1]["definitions"] == new[0]["definitions"]


def test_fitness_is_the_worse_task_as_a_share_of_the_gru():
    gru, other = ({"definitions": as_json(name), "seed": 1} for name in ("GRU", "MUT1"))
    trials = [Trial(gru, {"arithmetic": 0.5, "XML": 0.2}, 1.0), Trial(other, {"arithmetic": 0.6, "XML": 0.1}, 1.0)]
    assert [fitness for _, fitness in ranked(Trials(trials))] == pytest.approx([1.0, 0.5])
    assert ranked(Trials(trials[1:])) == []


def test_what_no_kernel_can_do_fails_alone():
    settings = {
        "part": "search",
        "definitions": [["h", ["affine", "one"]]],
        "updates": 2,
        "parameters": 300,
        "rate": 0.01,
        "seed": 1,
    }
    assert make_trial(STUDY, settings).error.startswith("EngineError")


def test_a_report_of_short_trials(tmp_path, monkeypatch):
    def plan(self, scope, done):
        base = {"part": "compare", "updates": 2, "parameters": 900, "task": "XML", "rate": 0.01}
        compare = [{**base, "cell": cell, "seed": seed} for cell in ("GRU", "tanh") for seed in (1, 2)]
        return [*compare, *plan_search(replace(TINY, generations=1), range(1, 2), done)]

    monkeypatch.setattr(type(STUDY), "plan", plan)
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    report = Report(tmp_path)
    STUDY.report(trials, report, Scope(quick=True))
    text = report.markdown(STUDY, Scope(quick=True), trials, 1.0)
    assert "| GRU | 0.460 |" in text
    assert "cells an hour" in text
    assert "The best, measured again" in text
    assert (tmp_path / "search.png").stat().st_size > 5_000
