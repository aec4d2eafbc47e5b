"""Without gates the factor per step stays within its bound, and is met exactly by a linear stretch of ReLU units."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from gatework.studies import Scope, StudyFolder, Trials, run_study
from gatework.studies.networks import StepReader
from gatework.studies.published.vanishing_gradient.gradient_flow import factor_per_step, gradient_by_lag
from gatework.studies.published.vanishing_gradient.study import CELLS, SCALES, STEEPEST, STUDY, make_reader
from gatework.studies.sources.recall import recall


def test_the_marked_sign_is_the_answer():
    lags = torch.tensor([0, 4, 2])
    x, wanted = recall(lags, 5, torch.Generator().manual_seed(3))
    assert x[..., 1].sum(0).tolist() == [1, 1, 1]
    for row, lag in enumerate(lags):
        assert x[4 - lag, row].tolist() == [2 * wanted[row] - 1, 1]
    assert set(x[..., 0].flatten().tolist()) <= {-1.0, 1.0}


@pytest.mark.parametrize("scale", [0.7, 1.3])
def test_an_irnn_that_stays_positive_multiplies_the_error_by_its_scale(scale):
    model = StepReader("irnn", 2, 5, 1, scale=scale)
    torch.nn.init.constant_(model.recurrent.cell.h.b, 1.0)
    norms = gradient_by_lag(model, torch.randn(11, 3, 2))["h"]
    assert norms == pytest.approx([norms[0] * scale**lag for lag in range(11)], rel=1e-6)
    assert factor_per_step(norms, 10) == pytest.approx(scale, rel=1e-6)


def test_gradients_of_an_lstm_are_those_of_the_states_it_passes_on():
    model = StepReader("lstm", 2, 3, 1).double()
    x = torch.randn(4, 1, 2, dtype=torch.float64)
    by_lag = gradient_by_lag(model, x)

    def answer(h: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return model.head(model.recurrent(x[2:], (h, c)).outputs[-1]).sum()

    with torch.no_grad():
        state = model.recurrent(x[:2]).state
    h, c = torch.autograd.functional.jacobian(answer, tuple(state))
    assert by_lag["h"][2] == pytest.approx(h.norm().item())
    assert by_lag["c"][2] == pytest.approx(c.norm().item())
    assert by_lag["all"][2] == pytest.approx(torch.hypot(h.norm(), c.norm()).item())


@pytest.mark.parametrize("cell", STEEPEST)
def test_the_factor_stays_within_its_bound(cell):
    for scale in SCALES:
        norms = gradient_by_lag(make_reader(cell, scale), torch.randn(7, 3, 2))["all"]
        assert all(later <= STEEPEST[cell] * scale * norm * 1.000001 for norm, later in pairwise(norms))


SHORT = {"part": "clipping", "cell": "ReLU", "scale": 1.5, "optimizer": "sgd", "rate": 0.02, "steps": 50, "updates": 5}


def test_clipping_saves_a_training_that_diverges():
    torch.manual_seed(1)
    wild = STUDY.measure({**SHORT, "clip": None, "seed": 1})
    torch.manual_seed(1)
    tame = STUDY.measure({**SHORT, "clip": 5.0, "seed": 1})
    assert wild["diverged"]
    assert not tame["diverged"]
    assert tame["clipped"] > 0
    assert wild["norms"][0] == tame["norms"][0] > 5


def test_a_report_of_short_trials(tmp_path, monkeypatch, told):
    plan = [{**one, "updates": 3, "steps": 7} for one in STUDY.plan(Scope(quick=True, seeds=1), Trials([]))]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan)
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    for part in ("flow", "clipping"):
        told(STUDY, trials.where(part=part)[:1])
    text = told(STUDY, trials)
    assert len(trials.good) == len(CELLS) * len(SCALES) + 6
    for name in ("gradients", "clipping"):
        assert 10_000 < (tmp_path / f"{name}.png").stat().st_size < 200_000
    assert text.count("| yes |") == len(STEEPEST) * len(SCALES)
    assert "| logistic | 1.5 | 0.375 |" in text
