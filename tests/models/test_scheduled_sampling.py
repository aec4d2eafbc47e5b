"""The curves of Bengio et al. 2015, section 2.4."""

from __future__ import annotations

import math

import pytest

from gatework.models.scheduled_sampling import own_share


@pytest.mark.parametrize(
    ("schedule", "given"),
    [
        ("linear", lambda i: max(0.0, 1 - i / 31)),
        ("exponential", lambda i: math.exp(-1 / 31) ** i),
        ("inverse-sigmoid", lambda i: 31 / (31 + math.exp(i / 31))),
    ],
)
def test_curves_are_those_of_the_paper(schedule, given):
    for update in (0, 1, 17, 62, 300):
        assert own_share(update, schedule, 31.0, 1.0) == pytest.approx(1 - given(update))
        assert own_share(update, schedule, 31.0, 0.25) == pytest.approx(min(0.25, 1 - given(update)))


def test_no_update_is_too_large():
    assert own_share(10**9, "inverse-sigmoid", 2.0, 0.7) == 0.7
