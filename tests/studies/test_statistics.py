"""Means with intervals, against scipy."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from gatework.studies import mean_interval, paired_difference

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


def test_pairs_are_compared_by_their_differences():
    other = [value - 1 - place / 10 for place, value in enumerate(VALUES)]
    assert paired_difference(VALUES, other).mean == pytest.approx(1.2)
    with pytest.raises(ValueError, match="shorter"):
        paired_difference(VALUES, other[:3])
