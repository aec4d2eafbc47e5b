"""Draws are spread as the ranges say; importance is that of functions whose variance is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gatework.studies import Trial, Trials
from gatework.studies.published.greff_2015.hyperparameters import Range, drawn, importances

RANGES = {"first": Range(0, 1), "second": Range(1e-3, 10, logarithmic=True)}


def answered(answer, count=150):
    """Trials of drawn numbers and a drawn name."""
    names = np.random.default_rng(3).choice(["left", "right"], count)
    settings = [{**draw, "side": str(name)} for draw, name in zip(drawn(RANGES, count, seed=7), names, strict=True)]
    return Trials([Trial(one, {"loss": answer(one)}, 1.0) for one in settings])


def shares(trials):
    return importances(trials, RANGES, {"side": ("left", "right")}, "loss")


def test_draws_are_uniform_in_the_number_or_its_logarithm():
    draws = drawn(RANGES, 4000, seed=5)
    first = np.array([draw["first"] for draw in draws])
    second = np.log10([draw["second"] for draw in draws])
    assert [first.mean(), first.std()] == pytest.approx([1 / 2, 1 / math.sqrt(12)], abs=0.02)
    assert [second.mean(), second.std()] == pytest.approx([-1, 4 / math.sqrt(12)], abs=0.06)
    assert -3 <= second.min() < -2.98
    assert 0.98 < second.max() <= 1


def test_fewer_draws_are_the_first_of_more():
    assert drawn(RANGES, 3, seed=5) == drawn(RANGES, 11, seed=5)[:3]
    assert drawn(RANGES, 3, seed=5) != drawn(RANGES, 3, seed=6)


def test_what_alone_matters_explains_all():
    found = shares(answered(lambda one: 3.0 if one["side"] == "left" else 5.0))
    assert next(iter(found)) == "side"
    assert found["side"] > 0.97


def test_a_sum_is_explained_by_the_variances_of_its_terms():
    # variances 4/12 and 1/12: four fifths and one fifth
    found = shares(answered(lambda one: 2 * one["first"] + (math.log10(one["second"]) + 3) / 4))
    assert found["first"] == pytest.approx(4 / 5, abs=0.08)
    assert found["second"] == pytest.approx(1 / 5, abs=0.08)
    assert sum(found.values()) == pytest.approx(1)


def test_failed_and_infinite_trials_are_left_out():
    good = answered(lambda one: one["first"], 20)
    bad = [Trial(good[0].settings, {}, 1.0, "DivergedError"), Trial(good[1].settings, {"loss": math.inf}, 1.0)]
    assert shares(Trials([*good, *bad])) == shares(good)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_nothing_is_explained_where_nothing_differs(count):
    assert shares(answered(lambda one: 2.0, count)) == {}
