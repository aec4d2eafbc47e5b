"""Importances of functions whose variance is known in closed form."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from gatework.studies.search import Dimension, Space, Tried, importances

pytest.importorskip("optuna")
pytest.importorskip("sklearn")


def tried(space, count, function):
    """Draws of a space as it says, and the function of them."""
    random = np.random.default_rng(4)
    found = []
    for number in range(1, count + 1):
        drawn = {}
        for one in space:
            if one.choices:
                drawn[one.name] = one.choices[random.integers(len(one.choices))]
            elif one.log:
                drawn[one.name] = math.exp(random.uniform(math.log(one.low), math.log(one.high)))
            else:
                drawn[one.name] = random.uniform(one.low, one.high)
        found.append(Tried(number, drawn, function(**drawn), "done", 1.0, {}, "", drawn, []))
    return found


def test_a_sum_of_two_is_divided_by_their_variances():
    space = Space([Dimension("a", "", 0, 1), Dimension("b", "", 0, 1), Dimension("c", "", 0, 1)])
    shares = importances(tried(space, 150, lambda a, b, c: 3 * a + b), space)
    assert list(shares) == ["a", "b", "c"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["a"] == pytest.approx(0.9, abs=0.04)
    assert shares["c"] < 0.02


def test_a_logarithmic_setting_is_measured_by_its_logarithm():
    space = Space([Dimension("rate", "", 1e-5, 1, log=True), Dimension("a", "", 0, 1)])
    shares = importances(tried(space, 150, lambda rate, a: (rate > 1e-3) + 0.3 * a), space)
    step, line = 0.4 * 0.6, 0.09 / 12  # variances: the step lies at three fifths of the range's logarithm
    assert shares["rate"] == pytest.approx(step / (step + line), abs=0.03)


def test_choices_count_too():
    space = Space([Dimension("cell", "", choices=("lstm", "gru")), Dimension("a", "", 0, 1)])
    assert importances(tried(space, 60, lambda cell, a: float(cell == "gru")), space)["cell"] > 0.95


def test_nothing_is_told_of_too_few_or_of_equals():
    space = Space([Dimension("a", "", 0, 1)])
    assert importances(tried(space, 5, lambda a: a), space) is None
    assert importances(tried(space, 9, lambda a: 1.0), space) is None


def test_failed_and_infinite_trials_are_left_out():
    space = Space([Dimension("a", "", 0, 1), Dimension("b", "", 0, 1)])
    good = tried(space, 20, lambda a, b: a)
    bad = [dataclasses.replace(good[0], rank=math.nan, state="failed"), dataclasses.replace(good[1], rank=math.inf)]
    assert importances([*good, *bad], space) == importances(good, space)
