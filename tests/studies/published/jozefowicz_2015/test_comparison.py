"""The rate with the lower validation loss gets the counted seeds, and these are tested."""

from __future__ import annotations

from gatework.studies import Trial, Trials
from gatework.studies.published.jozefowicz_2015.comparison import ComparisonSize, plan_counted, plan_rates
from gatework.studies.published.jozefowicz_2015.search import CHOOSING

SIZE = ComparisonSize(10, 900, rates=(0.01, 0.03))


def plan(done):
    rates = plan_rates(SIZE, [{"cell": "GRU"}, {"cell": "found 1", "definitions": []}], ["XML"])
    return [*rates, *plan_counted(rates, range(1, 4), done)]


def test_the_rate_of_the_lower_validation_loss_is_counted():
    first = plan(Trials([]))
    assert {(one["part"], one["seed"], one["judged_on"]) for one in first} == {("rate", CHOOSING, "validation")}
    made = [Trial(one, {"XML": 0.5, "XML loss": 1 - one["rate"]}, 1.0) for one in first]
    assert plan(Trials(made[:1])) == first
    later = [one for one in plan(Trials(made)) if one not in first]
    assert {(one["part"], one["rate"], one["judged_on"]) for one in later} == {("compare", 0.03, "test")}
    assert {one["updates"] for one in [*first, *later]} == {10}
    assert [(one["seed"], one["cell"]) for one in later] == [(s, c) for s in (1, 2, 3) for c in ("GRU", "found 1")]
    assert [one.get("definitions") for one in later] == [None, []] * 3


def test_a_rate_that_failed_is_not_taken():
    first = plan(Trials([]))
    made = [Trial(one, {"XML loss": 1.0}, 1.0) if one["rate"] == 0.01 else Trial(one, {}, 1.0, "no") for one in first]
    assert {one["rate"] for one in plan(Trials(made)) if one["part"] == "compare"} == {0.01}
    assert plan(Trials([Trial(one, {}, 1.0, "no") for one in first])) == first
