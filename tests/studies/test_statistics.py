"""Means with intervals, against scipy."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from gatework.studies import Trial, Trials, mean_interval, paired_difference
from gatework.studies.statistics import difference_by_seed

VALUES = [2.0, 3.5, 3.0, 7.25, 1.5]


def test_the_interval_is_students():
    found = mean_interval(VALUES)
    low, high = stats.t.interval(0.95, len(VALUES) - 1, loc=found.mean, scale=stats.sem(VALUES))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert f"{found:.2f}" == f"{found.mean:.2f} ± {(high - low) / 2:.2f}"


def test_few_values_have_no_width():
    assert f"{mean_interval([])}" == "-"
    assert f"{mean_interval([2.0])}" == "2.000"
    assert math.isnan(mean_interval([1.0, math.inf]).half_width)


def test_intervals_that_hold_together_are_wider():
    # Student's t with 2 degrees of freedom: 4.3027 at 0.975, 8.8602 at 1 - 0.05 / 8
    narrow, wide = (mean_interval([1.0, 2.0, 3.0], count).half_width for count in (1, 4))
    assert wide / narrow == pytest.approx(8.8602 / 4.3027, rel=1e-4)


def test_seeds_that_failed_in_neither_are_compared():
    def trials(losses):
        return Trials(
            [
                Trial({"seed": seed}, {"loss": loss} if loss else {}, 1.0, "" if loss else "failed")
                for seed, loss in losses.items()
            ]
        )

    found = difference_by_seed(
        trials({1: 3.0, 2: 9.0, 3: 5.0, 5: None}), trials({3: 4.0, 1: 1.0, 4: 7.0, 5: 2.0}), "loss"
    )
    assert (found.mean, found.count) == (pytest.approx(1.5), 2)
    assert difference_by_seed(trials({1: None}), trials({1: 2.0}), "loss").count == 0


def test_pairs_are_compared_by_their_differences():
    other = [value - 1 - place / 10 for place, value in enumerate(VALUES)]
    assert paired_difference(VALUES, other).mean == pytest.approx(1.2)
    with pytest.raises(ValueError, match="shorter"):
        paired_difference(VALUES, other[:3])
