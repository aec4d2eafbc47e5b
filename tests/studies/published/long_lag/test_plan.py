"""Rates are chosen by a seed that is not counted, on validation sequences; long tasks take them over."""

from __future__ import annotations

import pytest

from gatework.studies import Scope, Trial, Trials
from gatework.studies.published.long_lag.cells import CELLS
from gatework.studies.published.long_lag.plan import CHOOSING, LONG, QUICK, QUICK_LONG, RATES, SHORT, counted, planned
from gatework.studies.published.long_lag.tasks import TASKS


def trial(settings):
    """Of the two rates the higher is better on validation, and worse on the test."""
    better = settings["rate"] == RATES[1]
    measured = {"validation right": 0.5 + better / 4, "validation loss": 1.0, "right": 1.0 - better, "loss": 1.0}
    return Trial(settings, {**measured, "updates": 9}, 1.0)


def test_the_rate_that_validated_best_gets_the_counted_seeds():
    first = planned(Scope(), Trials([]))
    assert {settings["task"] for settings in first} == set(TASKS)
    assert {settings["cell"] for settings in first} == set(CELLS)
    assert {settings["seed"] for settings in first} == {CHOOSING}
    made = Trials([trial(settings) for settings in first])
    later = [settings for settings in planned(Scope(), made) if settings not in first]
    assert {settings["rate"] for settings in later} == {RATES[1]}
    assert {settings["seed"] for settings in later} == {1, 2, 3}
    assert max(settings["length"] for settings in later) == 1000
    assert len(counted(made)) == 0
    assert {settings["seed"] for settings in planned(Scope(seeds=5), made)} == set(range(6))


def test_a_rate_that_failed_is_not_taken():
    first = planned(Scope(quick=True), Trials([]))
    made = [trial(one) if one["rate"] == RATES[0] else Trial(one, {}, 1.0, "DivergedError") for one in first]
    later = [one for one in planned(Scope(quick=True), Trials(made)) if one not in first]
    assert {one["rate"] for one in later} == {RATES[0]}
    none = [Trial(one, {}, 1.0, "DivergedError") for one in first]
    assert planned(Scope(quick=True), Trials(none)) == first


@pytest.mark.parametrize(("short", "long"), [(SHORT, LONG), (QUICK, QUICK_LONG)])
def test_whatever_is_tried_with_long_sequences_has_a_rate_from_shorter_ones(short, long):
    rated = {(exercise.task, cell) for exercise in short for cell in exercise.cells}
    for exercise in long:
        assert {(exercise.task, cell) for cell in exercise.cells} <= rated
        assert exercise.length > next(one.length for one in short if one.task == exercise.task)
