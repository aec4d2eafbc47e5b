"""The forecasting model: what it reads and when, what it begins with, and that it comes back from its files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gatework.data.series.series_dataset import SeriesData, load_series
from gatework.data.series.series_windows import Window
from gatework.errors import InputError
from gatework.models import ForecastModel
from gatework.settings.tasks.forecast import ForecastData

STRATEGIES = ("recursive", "decoder", "head")
HORIZON, CONTEXT, SEASON = 5, 11, 3


def table(path: Path, rows: int = 90, decimals: int = 3) -> Path:
    generator = np.random.default_rng(11)
    numbers = np.round(20 + np.cumsum(generator.normal(size=(rows, 2)), axis=0), decimals)
    lines = [f"{a},{b},{n % 7},{generator.integers(9)}" for n, (a, b) in enumerate(numbers)]
    path.write_text("a,b,promo,visits\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def load(tmp_path: Path) -> Any:
    def made(*, counts: bool = False, **options: Any) -> SeriesData:
        columns = {"target_columns": ["a", "b"], "future_columns": ["promo"], "past_columns": ["visits"]}
        sizes = {"horizon": HORIZON, "context": CONTEXT, "season": SEASON}
        source = str(table(tmp_path / "walks.csv", decimals=0 if counts else 3))
        return load_series(ForecastData(sources=[source], **{**columns, **sizes, **options}))

    return made


def build(data: SeriesData, **options: Any) -> ForecastModel:
    model = ForecastModel.build(data.codec, **{"hidden_size": 7, "dropout": 0.0, **options})
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 3
    return model.eval()


def changed(window: Window, name: str, place: Any, by: float) -> Window:
    part = getattr(window, name).copy()
    part[place] += by
    return window._replace(**{name: part})


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("difference", ["none", "last", "season"])
@pytest.mark.parametrize("scaled_over", ["window", "series"])
def test_a_fresh_model_forecasts_its_reference(load: Any, strategy: str, difference: str, scaled_over: str) -> None:
    data = load(difference=difference, scaled_over=scaled_over, transform="log")
    model = ForecastModel.build(data.codec, hidden_size=7, strategy=strategy, distribution="gaussian")
    batch = model.collate([data.test[1], data.test[4]])
    found = np.median(model.eval().sample(batch, 2001, np.random.default_rng(1)), axis=0)
    for row, window in enumerate((data.test[1], data.test[4])):
        logs = np.log(window.values[:-HORIZON])
        back = {"none": 0, "last": 1, "season": SEASON}[difference]
        changes = logs[back:] - logs[: len(logs) - back] if back else logs
        drift, spread = changes[-CONTEXT:].mean(), changes[-CONTEXT:].std()
        if scaled_over == "series":
            drift, spread = window.statistics[1:3]
        for step in range(HORIZON):
            base = logs[len(logs) - back + step % back] + (1 + step // back) * drift if back else drift
            # the median of 2,001 draws has a deviation of 0.028 of a draw's, which softplus(0) = 0.69 begins with
            sums = np.sqrt(step + 1) if strategy == "recursive" else 1
            assert np.log(found[step, row]) == pytest.approx(base, abs=0.1 * sums * spread)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_comes_later_is_not_seen(load: Any, strategy: str) -> None:
    data = load()
    model, window = build(data, strategy=strategy), data.test[2]

    def drawn(one: Window) -> np.ndarray:
        return model.sample(model.collate([one]), 3, np.random.default_rng(2))

    truth = drawn(window)
    np.testing.assert_array_equal(drawn(changed(window, "values", slice(-HORIZON, None), 5.0)), truth)
    unknown = changed(window, "values", slice(-HORIZON, None), np.nan)
    np.testing.assert_array_equal(drawn(unknown), truth)
    for name, place in (("values", -HORIZON - 1), ("past", -1), ("known", -HORIZON - 1), ("known", -1)):
        assert (drawn(changed(window, name, place, 1.0)) != truth).any(), name
    ahead = drawn(changed(window, "known", -1, 1.0))  # of the last step
    if strategy != "head":
        np.testing.assert_array_equal(ahead[:, :-1], truth[:, :-1])


def test_teacher_forcing_is_the_recursion_on_what_came(load: Any) -> None:
    """One stack, step by step from the state after the context: the same distributions as in training."""
    data = load(difference="last", scaling="absolute")
    model = build(data, strategy="recursive")
    batch = model.collate([data.test[2], data.test[7]])
    whole = model.network.raw(batch)
    assert whole.shape == (CONTEXT + HORIZON, 2, 3)
    drawn: list[torch.Tensor] = []
    actual = (batch.values[-HORIZON:] - batch.values[-HORIZON - 1 : -1]) / batch.scale

    class Forced:
        outputs = 3

        def draw(self, raw: torch.Tensor, scale: torch.Tensor, generator: np.random.Generator) -> np.ndarray:
            drawn.append(raw)
            return actual[len(drawn) - 1].numpy()

    model.network.distribution = Forced()
    path = model.sample(batch, 1, np.random.default_rng(0))
    torch.testing.assert_close(torch.stack(drawn), whole[-HORIZON:], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(path[0], batch.raw[-HORIZON:], rtol=1e-9)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_windows_do_not_know_of_each_other(load: Any, strategy: str) -> None:
    data = load()
    model = build(data, strategy=strategy, series_embedding=5)
    both = model.network.losses(model.collate([data.test[0], data.test[8]]))
    apart = [model.network.losses(model.collate([data.test[index]])) for index in (0, 8)]
    torch.testing.assert_close(both, torch.cat(apart, dim=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_scaled_series_give_scaled_forecasts(load: Any, strategy: str) -> None:
    """With windows scaled by themselves the unit of a series means nothing."""
    data = load(difference="season", scaling="absolute")
    model, window = build(data, strategy=strategy), data.test[2]
    statistics = window.statistics * [1000, 1, 1000, 1000, 1000]
    larger = window._replace(values=1000 * window.values, statistics=statistics)
    found = [model.sample(model.collate([one]), 3, np.random.default_rng(2)) for one in (window, larger)]
    np.testing.assert_allclose(found[1], 1000 * found[0], rtol=1e-5)


@pytest.mark.parametrize("distribution", ["gaussian", "student-t", "negative-binomial", "quantile"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_distribution_learns(load: Any, strategy: str, distribution: str) -> None:
    data = load(difference="none", scaling="absolute", counts=distribution == "negative-binomial")
    model = ForecastModel.build(data.codec, hidden_size=7, strategy=strategy, distribution=distribution)
    batch = model.collate(data.train[:23])
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    first = float(model.loss(batch).detach())
    for _ in range(25):
        optimizer.zero_grad()
        model.loss(batch).backward()
        optimizer.step()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())
    assert float(model.eval().loss(batch).detach()) < first - 0.05
    assert np.isfinite(model.sample(batch, 3, np.random.default_rng(0))).all()


def test_totals_count_the_steps_ahead(load: Any) -> None:
    data = load()
    model = build(data, strategy="recursive")
    batch = model.collate([data.test[0], data.test[3]])
    totals = model.totals(batch)
    assert totals["count"] == totals["points"] == 2 * HORIZON
    assert totals["loss"] == pytest.approx(float(model.network.losses(batch)[-HORIZON:].detach().sum()), rel=1e-6)
    assert totals == model.totals(batch)  # measuring draws the same numbers again
    assert set(model.figures(totals)) >= {model.goal, "mase"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_model_comes_back(load: Any, tmp_path: Path, strategy: str) -> None:
    data = load()
    model = build(data, strategy=strategy, series_embedding=3)
    model.save_pretrained(tmp_path / "model")
    found = ForecastModel.from_pretrained(tmp_path / "model")
    batch = model.collate([data.test[2]])
    draws = [one.sample(batch, 3, np.random.default_rng(2)) for one in (model, found)]
    np.testing.assert_array_equal(*draws)


def test_counts_are_counts(load: Any) -> None:
    wrong = "not with --transform log and --difference season and --scaling standard: add --transform none"
    with pytest.raises(InputError, match=f"{wrong} --difference none --scaling absolute"):
        build(load(transform="log"), distribution="negative-binomial")
    with pytest.raises(InputError, match=r"not with --scaling standard: add --scaling absolute$"):
        build(load(difference="none"), distribution="negative-binomial")
    data = load(difference="none", scaling="absolute", counts=True)
    model = build(data, distribution="negative-binomial")
    window = data.test[0]
    first = window.origin - CONTEXT - SEASON  # row, from 1, of the first value of the window
    for place, value in ((0, -3.0), (4, 2.5), (CONTEXT + SEASON + 1, -0.5)):  # the last is of what is to come
        values = window.values.copy()
        values[place] = value
        with pytest.raises(InputError, match=f"a holds {value:g} in its row {first + place}, and .* is for counts"):
            model.collate([window._replace(values=values)])
    unknown = window._replace(values=np.append(window.values[:-HORIZON], np.full(HORIZON, np.nan)))
    assert len(model.collate([unknown]).series) == 1
    samples = model.sample(model.collate([data.test[0]]), 5, np.random.default_rng(0))
    np.testing.assert_allclose(samples, samples.round(), atol=1e-6)


def test_an_unknown_series_is_refused_where_series_are_told_apart(load: Any) -> None:
    data = load()
    stranger = data.test[0]._replace(series=-1, name="c")
    assert len(build(data).collate([stranger]).series) == 1
    with pytest.raises(InputError, match="knows none called 'c'"):
        build(data, series_embedding=2).collate([stranger])


def test_a_pegged_window_keeps_a_share_of_the_scale(load: Any) -> None:
    data = load(difference="last", scaling="absolute")
    model = build(data)
    pegged = data.test[0]._replace(values=np.full(HORIZON + CONTEXT + SEASON + 1, 8.0))
    batch = model.collate([pegged])
    assert float(batch.scale) == pytest.approx(0.05 * data.codec.statistics[0].scale)
    assert all(torch.isfinite(getattr(batch, field.name)).all() for field in dataclasses.fields(batch))
