"""Gates that stand still make an LSTM squash twice, to rounding; they are not trained; the report has both tasks."""

from __future__ import annotations

import pytest
import torch

from gatework.cells.lstm.lstm import LSTM
from gatework.studies import Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.published.gates_fixed.fixed_gates import apart, fix_gates
from gatework.studies.published.gates_fixed.study import NETWORKS, STUDY


def test_fixed_gates_squash_the_candidate_twice():
    with torch.no_grad():
        cell = fix_gates(LSTM(3, 5), 20.0)
        x, h, c = torch.randn(2, 3), torch.randn(2, 5), torch.randn(2, 5)
        candidate = x @ cell.g.W.T + h @ cell.g.U.T + cell.g.b
        torch.testing.assert_close(cell.step(x, h, c)[0], torch.tanh(torch.tanh(candidate)))


def test_distance_is_a_share_of_the_second():
    assert apart(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])) == pytest.approx(5 / 4)


def test_beside_elman_a_second_tanh_remains_and_beside_that_nothing():
    by_bias = [STUDY.measure({"part": "distance", "bias": bias, "gain": 1.0, "seed": 1}) for bias in (1.0, 20.0)]
    assert by_bias[0]["from_twice"] > 0.1
    assert by_bias[1]["from_twice"] < 1e-5
    assert 0.01 < by_bias[1]["from_elman"] < 1 - 0.7615


def test_fixed_gates_are_not_trained_and_leave_what_elman_has():
    short = {"part": "training", "task": "coins", "updates": 2, "rate": 0.01, "seed": 1}
    elman, fixed, lstm, fair = (STUDY.measure({**short, "network": network}) for network in NETWORKS)
    assert fixed["trained"] == elman["trained"] == elman["parameters"]
    assert fixed["parameters"] == lstm["trained"] == 4 * 16 * (1 + 16 + 1) + 17
    assert fair["parameters"] == pytest.approx(elman["parameters"], rel=0.15)


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([2.0, 2.1, 2.2], "the second tanh, cost something"),
        ([0.8, 0.7, 0.6], "learns better than an Elman network"),
        ([1.1, 0.9, 1.0], "No difference between fixed gates and an Elman network is seen"),
        ([1.1], "not measured with enough seeds"),
    ],
)
def test_what_fixed_gates_cost_is_said_as_it_was_measured(told, losses, said):
    measured = {"width": 3, "parameters": 5, "trained": 5, "every": 1, "curve": [1.0]}
    base = {"part": "training", "task": "coins", "updates": 2, "rate": 0.01}
    groups = {"Elman": [1.0, 1.05, 0.98], "LSTM, gates fixed": losses}
    trials = [
        Trial({**base, "network": network, "seed": seed}, {**measured, "loss": loss}, 1.0)
        for network, found in groups.items()
        for seed, loss in enumerate(found, 1)
    ]
    text = told(STUDY, Trials(trials)).partition("## Trained: coins")[2].partition("## Trained: characters")[0]
    assert said in text


def test_a_report_of_short_trials(tmp_path, monkeypatch, told):
    full = STUDY.plan(Scope(quick=True, seeds=1), Trials([]))
    plan = [{**one, "updates": 2} if one["part"] == "training" else one for one in full]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan)
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    for part in ("distance", "training"):
        told(STUDY, trials.where(part=part)[:1])
    text = told(STUDY, trials)
    assert len(trials.good) == len(plan)
    for name in ("distance", "training"):
        assert 10_000 < (tmp_path / f"{name}.png").stat().st_size < 200_000
    assert "| 0.1 | 20 | 2.1e-09 |" in text
    assert text.count("| LSTM, gates fixed | ") == 2
