"""Means, intervals and differences of a comparison against SciPy; failed seeds make no pair."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gatework.studies.comparison.summary import ArmSummary, loss_after, shown_figures, summarised
from gatework.studies.statistics import Interval, difference_by_seed
from gatework.studies.trials import Trial, Trials

LOSSES = {"lstm": {1: 1.5, 2: 1.71, 3: 1.43, 5: 1.6}, "gru": {1: 1.2, 2: 1.55, 3: 1.3, 4: 9.0}}


def trial(cell, seed, loss):
    measured = {"loss": loss, "baseline": 2.5, "bits": 2 * loss, "figures": ["loss", "baseline", "bits"]}
    course = [[10 * n, 0.0, loss + 3 - n] for n in range(4)]
    measured |= {"parameters": 77, "training_seconds": 10 * loss, "updates": 30, "validation": course}
    settings = {"cell": cell, "hidden_size": len(cell), "seed": seed}
    return Trial(settings, measured, 1.0) if loss is not None else Trial(settings, {}, 1.0, "DivergedError: inf")


@pytest.fixture
def trials():
    good = [trial(cell, seed, loss) for cell, found in LOSSES.items() for seed, loss in found.items()]
    return Trials([*good, Trial({"cell": "lstm", "hidden_size": 4, "seed": 4}, {}, 1.0, "DivergedError: inf")])


def scipy_interval(values):
    low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    return (high - low) / 2


def test_each_arm(trials):
    speeds = {"gru": {"speed": 1000.0, "update_seconds": 0.25}}
    lstm, gru = summarised("cell", ["lstm", "gru"], trials, speeds)
    assert (lstm.good, lstm.failed, gru.failed) == (4, 1, 0)
    assert (lstm.hidden_size, gru.hidden_size, lstm.rate) == (4, 3, None)
    losses = list(LOSSES["lstm"].values())
    assert lstm.figures["loss"].mean == pytest.approx(np.mean(losses))
    assert lstm.figures["loss"].half_width == pytest.approx(scipy_interval(losses))
    assert lstm.seconds.mean == pytest.approx(10 * np.mean(losses))
    assert (lstm.speed, gru.speed, gru.update_seconds, gru.learning_seconds) == (None, 1000.0, 0.25, 7.5)
    assert lstm.differences == {}
    pairs = [LOSSES["gru"][seed] - LOSSES["lstm"][seed] for seed in (1, 2, 3)]
    assert gru.differences["loss"].mean == pytest.approx(np.mean(pairs))
    assert gru.differences["loss"].half_width == pytest.approx(scipy_interval(pairs))
    assert gru.differences["bits"].mean == pytest.approx(2 * np.mean(pairs))


def test_figures_that_never_differ_are_not_shown(trials):
    assert shown_figures(trials, "bits") == ["loss", "bits"]
    assert shown_figures(trials, "baseline") == ["loss", "baseline", "bits"]  # unless it is the one that is asked for


def test_an_arm_without_trials():
    found = Trials([trial("lstm", 1, 1.5)])
    lstm, gru = summarised("cell", ["lstm", "gru"], found, {})
    assert (gru.parameters, gru.good, gru.figures["loss"].count) == (None, 0, 0)
    assert lstm.record()["figures"]["loss"]["mean"] == 1.5
    assert "rate" not in lstm.record()


def test_pairs_leave_out_what_is_not_finite(trials):
    endless = Trials([*trials.where(cell="gru"), Trial({"cell": "gru", "seed": 5}, {"loss": None}, 1.0)])
    assert difference_by_seed(endless, trials.where(cell="lstm"), "loss").count == 3


def test_the_loss_after_some_updates(trials):
    group = trials.where(cell="gru")
    losses = np.array(list(LOSSES["gru"].values()))
    assert loss_after(group, 19.9).mean == pytest.approx(np.mean(losses + 2))
    assert loss_after(group, 30).mean == pytest.approx(np.mean(losses))
    assert loss_after(group, -1).count == 0


def test_a_record_is_plain():
    nothing = Interval(float("nan"), float("nan"), 0)
    record = ArmSummary("a", 3, 0.1, 9, {"loss": nothing}, {}, nothing, None, (), None, None, 0, 2).record()
    assert record["failed"] == 2
    assert "speed" not in record
