"""A generation is bred from the best before it; fitness is the worse task; founders are no finds."""

from __future__ import annotations

import pytest

from gatework.studies import Trial, Trials
from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.search import (
    CHOOSING,
    SearchSize,
    as_json,
    distinct,
    finalists,
    plan_search,
    ranked,
)

TINY = SearchSize(2, 4, 2, updates=2, parameters=900, finalists=2)


def measured(settings, sign=1):
    """As if larger cells were better."""
    size = sign * len(str(settings["definitions"]))
    return Trial(settings, {"arithmetic": size / 100, "XML": size / 50, "arithmetic loss": size, "XML loss": 1.0}, 2.0)


def test_a_generation_is_bred_from_the_best_of_those_before():
    first, complete = plan_search(TINY, Trials([]))
    assert [settings["definitions"] for settings in first[:3]] == [
        as_json(KNOWN[name]) for name in ("GRU", "LSTM-b", "MUT1")
    ]
    assert len(first) == 4
    assert {(one["seed"], one["judged_on"]) for one in first} == {(CHOOSING, "validation")}
    assert plan_search(TINY, Trials([measured(one) for one in first[:3]])) == (first, complete) == (first, False)
    second, complete = plan_search(TINY, Trials([measured(one) for one in first]))
    assert second[:4] == first
    assert not complete
    assert {settings["generation"] for settings in second[4:]} == {1}
    other, _ = plan_search(TINY, Trials([measured(one, -1) for one in first]))
    assert other[4:] != second[4:]
    assert plan_search(TINY, Trials([measured(one) for one in second])) == (second, True)


def test_a_search_whose_reference_failed_ends():
    first, _ = plan_search(TINY, Trials([]))
    failed = Trials([Trial(first[0], {}, 1.0, "EngineError"), *(measured(one) for one in first[1:])])
    assert plan_search(TINY, failed) == (first, True)


def test_fitness_is_the_worse_task_as_a_share_of_the_gru():
    gru, other = ({"definitions": as_json(KNOWN[name])} for name in ("GRU", "MUT1"))
    trials = [Trial(gru, {"arithmetic": 0.5, "XML": 0.2}, 1.0), Trial(other, {"arithmetic": 0.6, "XML": 0.1}, 1.0)]
    assert [fitness for _, fitness in ranked(Trials(trials))] == pytest.approx([1.0, 0.5])
    assert ranked(Trials(trials[1:])) == []


def test_finds_are_the_best_that_are_no_founders():
    second, _ = plan_search(TINY, Trials([measured(one) for one in plan_search(TINY, Trials([]))[0]]))
    made = Trials([measured(one) for one in second])
    founders = [as_json(KNOWN[name]) for name in ("GRU", "LSTM-b", "MUT1")]
    new = [trial["definitions"] for trial, _ in ranked(made) if trial["definitions"] not in founders]
    assert finalists(TINY, made) == {"found 1": new[0], "found 2": new[1]}
    assert finalists(TINY, Trials([])) == {}


def test_a_cell_that_does_what_another_does_is_no_find():
    size = SearchSize(1, 7, 2, updates=2, parameters=900, finalists=9)
    made = [measured(one) for one in plan_search(size, Trials([]))[0]]
    gru = made[0].measured
    best = {name: value * 2 for name, value in gru.items()}
    made[4:] = [Trial(one.settings, dict(found), 1.0) for one, found in zip(made[4:], (gru, best, best), strict=True)]
    assert list(finalists(size, Trials(made)).values()) == [made[5]["definitions"], made[3]["definitions"]]
    assert [trial for trial, _ in distinct(ranked(Trials(made))) if trial.measured == best] == [made[5]]
