"""The best of trials: failed ones, missing and infinite values are passed over, zero is not."""

from __future__ import annotations

from gatework.studies import Trial, Trials


def test_zero_is_a_figure_like_others():
    measured = [{"loss": 0.2}, {"loss": 0.0}, {"loss": float("nan")}, {}]
    trials = Trials([Trial({"seed": n}, one, 1.0) for n, one in enumerate(measured)] + [Trial({}, {}, 1.0, "failed")])
    best, highest = trials.best("loss"), trials.best("loss", highest=True)
    assert best is not None
    assert best["seed"] == 1
    assert highest is not None
    assert highest["seed"] == 0
    assert trials.best("accuracy") is None
