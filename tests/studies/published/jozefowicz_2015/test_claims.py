"""A gap is closed where there is one, the bias surely helps and nothing sure is left of it."""

from __future__ import annotations

import math

import pytest

from gatework.studies import Trial, Trials
from gatework.studies.published.jozefowicz_2015.claims import closes, compared
from gatework.studies.statistics import Interval


@pytest.mark.parametrize(
    ("gap", "gain", "rest", "verdict"),
    [
        ((-0.2, 0.1), (0.2, 0.1), (-0.01, 0.05), "yes"),
        ((-0.2, 0.1), (0.3, 0.1), (0.1, 0.05), "yes"),
        ((-0.2, 0.1), (0.1, 0.05), (-0.1, 0.05), "in part"),
        ((-0.2, 0.1), (0.1, 0.2), (-0.1, 0.2), "cannot be told"),
        ((-0.2, 0.1), (-0.1, 0.2), (-0.3, 0.4), "no, the bias adds nothing"),
        ((-0.2, 0.3), (0.1, 0.05), (-0.1, 0.05), "no gap that could be told from zero"),
    ],
)
def test_a_gap_is_closed_where_the_bias_surely_helps(gap, gain, rest, verdict):
    assert closes(Interval(*gap, 3), Interval(*gain, 3), Interval(*rest, 3)) == verdict
    for one in (Interval(math.nan, math.nan, 0), Interval(-0.1, math.nan, 1)):
        assert closes(one, Interval(*gain, 3), Interval(*rest, 3)) == "not measured"


def test_cells_are_compared_over_the_seeds_that_both_have():
    made = [("GRU", 1, 0.5), ("GRU", 2, 0.75), ("MUT1", 2, 1.0), ("MUT1", 3, 0.0), ("GRU", 3, 0.25)]
    trials = Trials([Trial({"task": "XML", "cell": c, "seed": s}, {"XML": a}, 1.0) for c, s, a in made])
    assert compared(trials, "XML", "MUT1", "GRU").mean == pytest.approx(0.0)
    assert compared(trials, "XML", "MUT1", "GRU").count == 2
    assert compared(trials, "arithmetic", "MUT1", "GRU").count == 0
