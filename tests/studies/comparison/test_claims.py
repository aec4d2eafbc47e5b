"""A claim holds, does not, or cannot be told, by where an interval lies."""

from __future__ import annotations

import math

import pytest

from gatework.studies.comparison.claims import Claim
from gatework.studies.statistics import Interval

LOWER, HIGHER, ACROSS = Interval(-0.5, 0.2, 5), Interval(0.5, 0.2, 5), Interval(0.1, 0.2, 5)


@pytest.mark.parametrize(
    ("relation", "difference", "said"),
    [
        ("lower", LOWER, "yes"),
        ("lower", HIGHER, "no: it is higher"),
        ("lower", ACROSS, "not told apart"),
        ("alike", LOWER, "no: it is lower"),
        ("alike", HIGHER, "no: it is higher"),
        ("alike", ACROSS, "yes: not told apart"),
        ("not higher", LOWER, "yes, lower"),
        ("not higher", HIGHER, "no: it is higher"),
        ("not higher", ACROSS, "yes: not told apart"),
        ("lower", Interval(-0.5, math.nan, 1), "cannot be told from one seed"),
        ("lower", Interval(math.nan, math.nan, 0), "not measured"),
    ],
)
def test_verdicts(relation, difference, said):
    assert Claim("a", "b", relation, "someone").verdict(difference) == said
