"""Rates are chosen by a seed that is not counted, on validation sequences; long tasks take them over."""

from __future__ import annotations

import pytest

from gatework.studies import Scope, Trial, Trials
from gatework.studies.published.long_lag.cells import CELLS
from gatework.studies.published.long_lag.plan import (
    CHOOSING,
    LONG,
    LOWER_RATE,
    QUICK,
    QUICK_LONG,
    RATES,
    SHORT,
    counted,
    planned,
)
from gatework.studies.published.long_lag.tasks import TASKS


def trial(settings, best=RATES[1]):
    """As if one rate were better than all others on validation, and worse on the test."""
    better = settings["rate"] == best
    measured = {"validation right": 0.5 + better / 4, "validation loss": 1.0, "right": 1.0 - better, "loss": 1.0}
    return Trial(settings, {**measured, "updates": 9}, 1.0)


def failed(settings):
    return Trial(settings, {}, 1.0, "DivergedError")


def later(made, scope):
    return [one for one in planned(scope, Trials(made)) if one not in [trial.settings for trial in made]]


def test_the_rate_that_validated_best_gets_the_counted_seeds():
    first = planned(Scope(), Trials([]))
    assert {settings["task"] for settings in first} == set(TASKS)
    assert {settings["cell"] for settings in first} == set(CELLS)
    assert {(settings["seed"], settings["rate"]) for settings in first} == {(CHOOSING, rate) for rate in RATES}
    made = [trial(settings) for settings in first]
    final = later(made, Scope())
    assert {settings["rate"] for settings in final} == {RATES[1]}
    assert {settings["seed"] for settings in final} == {1, 2}
    assert max(settings["length"] for settings in final) == 1000
    assert len(counted(Trials(made))) == 0
    assert {settings["seed"] for settings in later(made, Scope(seeds=5))} == set(range(1, 6))


@pytest.mark.parametrize("best", [RATES[0], LOWER_RATE])
def test_a_lower_rate_is_tried_where_the_lower_is_better(best):
    made = [trial(settings, RATES[0]) for settings in planned(Scope(quick=True), Trials([]))]
    third = later(made, Scope(quick=True))
    assert {(one["rate"], one["seed"]) for one in third} == {(LOWER_RATE, CHOOSING)}
    made = [trial(one.settings, best) for one in made] + [trial(one, best) for one in third]
    assert {one["rate"] for one in later(made, Scope(quick=True))} == {best}


def test_a_rate_that_failed_is_not_taken():
    first = planned(Scope(quick=True), Trials([]))
    made = [trial(one) if one["rate"] == RATES[1] else failed(one) for one in first]
    assert {one["rate"] for one in later(made, Scope(quick=True))} == {RATES[1]}
    third = later([failed(one) for one in first], Scope(quick=True))
    assert {one["rate"] for one in third} == {LOWER_RATE}
    assert later([failed(one) for one in [*first, *third]], Scope(quick=True)) == []


@pytest.mark.parametrize(("short", "long"), [(SHORT, LONG), (QUICK, QUICK_LONG)])
def test_whatever_is_tried_with_long_sequences_has_a_rate_from_shorter_ones(short, long):
    rated = {(exercise.task, cell) for exercise in short for cell in exercise.cells}
    for exercise in long:
        assert {(exercise.task, cell) for cell in exercise.cells} <= rated
        assert exercise.length > next(one.length for one in short if one.task == exercise.task)
