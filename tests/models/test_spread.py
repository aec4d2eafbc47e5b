"""The spread of forecasts: what it does to draws, which one is chosen, and where it is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.data.series.series_dataset import SeriesData, load_series
from gatework.models import ForecastModel
from gatework.models.forecast_figures import all_figures, forecast_totals
from gatework.models.spread import FACTORS, spread_out, spread_totals, with_best_spread
from gatework.settings.tasks.forecast import ForecastData
from gatework.training import fit, measure

HORIZON, SEASON = 4, 3


def walks(path: Path, *, wilder: float, counts: bool = False) -> SeriesData:
    """Noise about a level, which in the held-out parts is so many times as wide."""
    noise = np.random.default_rng(5).normal(size=300)
    noise[210:] *= wilder
    values = np.round(40 + 4 * noise) if counts else 20 + noise
    path.write_text("value\n" + "\n".join(f"{value:.4f}" for value in values) + "\n", encoding="utf-8")
    options = {"difference": "none", "scaling": "absolute"} if counts else {"difference": "none"}
    return load_series(
        ForecastData(sources=[str(path)], horizon=HORIZON, context=8, season=SEASON, scaled_over="series", **options)
    )


def trained(data: SeriesData, folder: Path | None = None, **options: object) -> ForecastModel:
    model = ForecastModel.build(data.codec, hidden_size=6, dropout=0.0, strategy="head", **options)
    fit(model, data, folder=folder, epochs=3, seed=1)
    return model


def test_draws_go_from_their_median() -> None:
    draws = np.array([[1.0, -3.0], [2.0, 0.0], [4.0, 30.0]])
    assert spread_out(draws, 2).tolist() == [[0, -6], [2, 0], [6, 60]]
    assert spread_out(draws, 1).tolist() == draws.tolist()


def test_sums_are_those_of_draws_that_were_spread_out() -> None:
    generator = np.random.default_rng(2)
    draws, actual = generator.normal(size=(51, HORIZON, 6)), np.exp(generator.normal(size=(HORIZON, 6)))
    error, history = 1 + generator.random(6), np.ones((SEASON, 6))
    found = spread_totals(draws, np.exp, actual, error)
    for k, factor in enumerate(FACTORS):
        wanted = forecast_totals(np.exp(spread_out(draws, factor)), actual, history, error, season=SEASON)
        assert found[f"crps@{k}"] == pytest.approx(wanted["crps"])
        for share in (80, 95):  # ends of intervals lie between draws: there exp and interpolation do not commute
            assert found[f"covered_{share}@{k}"] == pytest.approx(wanted[f"covered_{share}"], abs=1)


@pytest.mark.parametrize(("truth", "low", "high"), [(1.0, 0.85, 1.2), (2.0, 1.7, 2.4), (0.6, 0.5, 0.75)])
def test_the_best_spread_is_that_of_the_truth(truth: float, low: float, high: float) -> None:
    generator = np.random.default_rng(4)
    draws, actual = generator.normal(size=(400, 5, 200)), truth * generator.normal(size=(5, 200))
    totals = {"points": 1000.0, **spread_totals(draws, lambda values: values, actual, np.ones(200))}
    factor, changed = with_best_spread(totals)
    assert low < factor < high
    assert changed["covered_80"] / 1000 == pytest.approx(0.8, abs=0.04)
    assert changed["covered_95"] / 1000 == pytest.approx(0.95, abs=0.03)


def test_of_equals_the_one_nearest_to_1_is_chosen() -> None:
    totals = {f"{what}@{k}": 0.0 for k in range(len(FACTORS)) for what in ("crps", "covered_80", "covered_95")}
    assert with_best_spread({"points": 10.0, **totals})[0] == 1


def test_training_calibrates_and_the_files_keep_it(tmp_path: Path) -> None:
    data = walks(tmp_path / "walk.csv", wilder=3)
    model = trained(data, tmp_path / "run")
    assert model.spread.item() > 1.5
    back = ForecastModel.from_pretrained(tmp_path / "run" / "model")
    assert torch.equal(back.spread, model.spread)
    calibrated = all_figures(dict(measure(back, data.test).totals))
    back.spread.fill_(1)
    plain = all_figures(dict(measure(back, data.test).totals))
    assert plain["coverage_80"] < 60 < 70 < calibrated["coverage_80"]
    assert calibrated["mase"] == pytest.approx(plain["mase"])
    assert calibrated["crps"] < plain["crps"]


def test_the_score_that_chooses_is_that_of_the_kept_model(tmp_path: Path) -> None:
    data = walks(tmp_path / "walk.csv", wilder=3)
    model = ForecastModel.build(data.codec, hidden_size=6, dropout=0.0, strategy="head")
    outcome = fit(model, data, epochs=2, seed=1)
    assert outcome.validation is not None
    again = measure(model, data.validation)
    assert model.figures(dict(again.totals))["skill"] == pytest.approx(outcome.validation.figures["skill"])


def test_counts_and_who_does_not_want_it_stay_as_learnt(tmp_path: Path) -> None:
    counts = walks(tmp_path / "counts.csv", wilder=3, counts=True)
    assert trained(counts, distribution="negative-binomial").spread.item() == 1
    assert trained(walks(tmp_path / "walk.csv", wilder=3), calibrate=False).spread.item() == 1
