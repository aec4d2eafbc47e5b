"""A grid of learning rates goes on beyond an end that was best, and the best of all is chosen."""

from __future__ import annotations

import math

import pytest

from gatework.studies.comparison.rates import chosen_rate, wanted_rates
from gatework.studies.trials import Trial, Trials


def answered(rates, rank):
    found = []
    for rate in rates:
        value = rank(rate)
        good = math.isfinite(value)
        found.append(
            Trial({"learning_rate": rate}, {"rank": value} if good else {}, 1.0, "" if good else "DivergedError: inf")
        )
    return Trials(found)


def grown(rates, rank, most):
    """Asked until nothing new is wanted."""
    tried = Trials([])
    while True:
        wanted = wanted_rates(rates, tried, most)
        if len(wanted) == len(tried):
            return wanted, chosen_rate(wanted, tried)
        assert chosen_rate(wanted, tried) is None
        tried = answered(wanted, rank)


@pytest.mark.parametrize(
    ("best", "wanted", "chosen"),
    [
        (0.3, [0.1, 0.3, 0.9], 0.3),
        (8.1, [0.1, 0.3, 0.9, 2.7, 8.1, 24.3], 8.1),
        (0.0123, [0.00370, 0.0111, 0.0333, 0.1, 0.3, 0.9], 0.0111),
        (1e9, [0.1, 0.3, 0.9, 2.7, 8.1, 24.3, 72.9], 72.9),
    ],
)
def test_a_valley_is_found(best, wanted, chosen):
    found, rate = grown([0.1, 0.3, 0.9], lambda rate: math.log(rate / best) ** 2, 7)
    assert found == pytest.approx(wanted)
    assert rate == pytest.approx(chosen)


def test_rates_that_diverge_are_never_chosen():
    found, rate = grown([0.1, 0.3, 0.9], lambda rate: math.inf if rate > 0.2 else -rate, 5)
    assert (found, rate) == (pytest.approx([0.0111, 0.0333, 0.1, 0.3, 0.9]), 0.1) or rate == 0.1
    assert grown([0.1, 0.3], lambda rate: math.inf, 5) == ([0.1, 0.3], None)


def test_a_users_own_rates_are_not_gone_beyond():
    assert grown([0.1, 0.3, 0.9], lambda rate: rate, 0) == ([0.1, 0.3, 0.9], 0.1)
