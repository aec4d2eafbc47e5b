"""Rates are chosen on a seed of their own, once all were tried; a rate at an end of those tried is told."""

from __future__ import annotations

import pytest

from gatework.studies import Trial, Trials
from gatework.studies.selection import at_best_rate, counted, said_of_rates, shown_rate

KIND = {"cell": "gru"}


def made(*losses):
    """Trials of the uncounted seed, by rate; None failed."""
    return Trials(
        [
            Trial({**KIND, "rate": rate, "seed": 0}, {} if loss is None else {"loss": loss}, 1.0, "" if loss else "no")
            for rate, loss in losses
        ]
    )


@pytest.mark.parametrize("tried", [made(), made((0.1, 2.0), (0.2, 1.0)), made((0.1, None), (0.2, None), (0.4, None))])
def test_nothing_is_counted_before_a_rate_was_chosen(tried):
    planned = at_best_rate(KIND, (0.1, 0.2, 0.4), range(1, 3), tried)
    assert planned == [{"cell": "gru", "rate": rate, "seed": 0} for rate in (0.1, 0.2, 0.4)]


def test_counted_seeds_have_the_best_rate():
    other = Trial({"cell": "lstm", "rate": 0.4, "seed": 0}, {"loss": 0.0}, 1.0)
    tried = Trials([*made((0.1, 2.0), (0.2, 1.0), (0.4, None)), other])
    planned = at_best_rate(KIND, (0.1, 0.2, 0.4), range(1, 3), tried)
    assert planned[3:] == [{"cell": "gru", "rate": 0.2, "seed": seed} for seed in (1, 2)]
    trials = Trials([Trial(settings, {"loss": 1.0}, 1.0) for settings in planned])
    assert [trial.settings for trial in counted(trials)] == planned[3:]


def test_one_rate_is_taken_as_it_is():
    assert at_best_rate(KIND, (0.3,), range(1, 3), Trials([])) == [
        {"cell": "gru", "rate": 0.3, "seed": seed} for seed in (1, 2)
    ]
    assert said_of_rates((0.3,)) == "the rate is 0.3 and was not searched"


def test_a_rate_at_an_end_is_told():
    rates = (0.1, 0.2, 0.4)
    assert [shown_rate(rate, rates) for rate in rates] == ["0.1 (lowest tried)", "0.2", "0.4 (highest tried)"]
    assert shown_rate(0.1, (0.1,)) == "0.1"
    assert "0.1, 0.2, 0.4" in said_of_rates(rates)
