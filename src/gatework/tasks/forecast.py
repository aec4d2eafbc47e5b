"""The task of a forecast: series in, what comes next out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.codec import Codec
from gatework.data.series.continuation import written
from gatework.data.series.series import Series
from gatework.data.series.series_codec import Prepared, SeriesCodec
from gatework.data.series.series_dataset import SeriesData, load_series, read_tables
from gatework.data.series.series_identity import namesakes, series_of
from gatework.data.series.series_windows import Window, Windows, last_window
from gatework.errors import InputError
from gatework.models.forecast import ForecastModel
from gatework.models.forecast_figures import all_figures
from gatework.settings import DataConfig, PredictionConfig
from gatework.settings.tasks.forecast import QUANTILES, ForecastData, ForecastPrediction
from gatework.tasks.example_task import ExampleTask, chunks
from gatework.tasks.task import Answer, Progress
from gatework.training import Score, Trainer, measure

AT_ONCE = 64
PICTURES = 8
OWN = "the ends of the run's own series"


class ForecastTask(ExampleTask[ForecastModel]):
    """Series in, their next steps out."""

    name = "forecast"
    model = ForecastModel

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> SeriesData:
        """Read series, divide them in time and cut them into windows."""
        assert isinstance(config, ForecastData)
        assert codec is None or isinstance(codec, SeriesCodec)
        return load_series(config, codec=codec, keep=keep)

    def check(self, trainer: Trainer) -> None:
        """All windows can be read: no values that transform or distribution exclude."""
        model, data = self._both(trainer)
        for windows in (data.train, data.validation, data.test):
            for part in chunks(windows, AT_ONCE):
                model.collate(part)

    def describe(self, trainer: Trainer) -> list[str]:
        """Series, windows, scale, model, method."""
        model, _ = self._both(trainer)
        codec, config = model.codec, model.codec.config
        count = len(codec.names)
        shown = ", ".join(codec.names[:4]) + (", ..." if count > 4 else "")
        seen = [*config.past_columns, *config.future_columns, *codec.cycles]
        first = (
            f"series  {count}: {shown}; season {codec.season}, reads {codec.context} steps"
            f"{' with ' + ', '.join(seen) if seen else ''}, forecasts {codec.horizon}; transform {config.transform}, "
            f"difference {config.difference}, {config.scaling} scale of each {config.scaled_over}"
        )
        return [first, *super().describe(trainer)]

    def units(self, model: ForecastModel) -> tuple[str, str]:
        """Windows."""
        return "window", "window"

    # ---- a trained model

    def reading(self, model: ForecastModel) -> dict[str, Any]:
        """Columns, season, lengths and scales."""
        own = {"sources", "encoding", "validation", "test", "validation_data", "test_data", "split_seed", "max_length"}
        return {
            "target_columns": [],
            **model.codec.config.model_dump(mode="json", exclude=own | {"windows", "origins"}),
        }

    def score(
        self,
        model: ForecastModel,
        data: SeriesData,
        part: str,
        *,
        name: str,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Score:
        """A rolling backtest: forecasts from many origins, each from all that came before it, without training anew."""
        windows = getattr(data, part)
        if not len(windows):
            raise InputError(f"the {name} has no steps to forecast", "choose another --part, or give data")
        totals = dict(measure(model, windows, poll=poll, progress=progress).totals)
        figures = {**all_figures(totals), "forecasts": float(len(windows))}
        return Score(totals["loss"] / totals["count"], round(totals["count"]), figures, model.goal)

    def score_lines(self, model: ForecastModel, score: Score, name: str) -> list[str]:
        """A table of the model and two naive forecasts, how often intervals held, and how figures are computed."""
        found, season = score.figures, model.codec.season
        rows = [("model", ""), (f"seasonal naive ({season})", "seasonal_naive_"), ("naive (1)", "naive_")]
        table = [
            f"{label:22}{found[f'{prefix}mase']:>9.4f}{found[f'{prefix}smape']:>10.3f}{found[f'{prefix}rmse']:>12.5g}"
            for label, prefix in rows
        ]
        return [
            f"{name}: {found['forecasts']:,.0f} forecasts of {model.codec.horizon} steps, rolling origins, no refit",
            f"{'':22}{'MASE':>9}{'sMAPE %':>10}{'RMSE':>12}",
            *table,
            f"mean absolute error {found['relative_mae']:.4f} of the seasonal naive forecast's, "
            f"{found['relative_mae_naive']:.4f} of the naive one's",
            f"CRPS {found['crps']:.4f} (in MASE's unit)   weighted quantile loss "
            f"{found['weighted_quantile_loss']:.4f}   loss {score.loss:.4f}",
            f"80 % intervals hold {found['coverage_80']:.1f} %, 95 % intervals {found['coverage_95']:.1f} % of "
            f"{found['points']:,.0f} steps{_spread(model)}",
            f"MASE: errors over the mean absolute error of the seasonal naive forecast ({season} steps back) inside "
            "the training part (Hyndman and Koehler 2006)",
        ]

    def headline(self, model: ForecastModel, score: Score) -> str:
        """MASE beside that of the seasonal naive forecast."""
        found = score.figures
        return f"MASE {found['mase']:.4f} (seasonal naive {found['seasonal_naive_mase']:.4f}), loss {score.loss:.4f}"

    def show(self, model: ForecastModel, examples: Sequence[Window]) -> str:
        """Medians beside what came."""
        actual = np.stack([window.values[-model.codec.horizon :] for window in examples], axis=1)
        medians = np.median(draws(model, examples, 100, seed=1), axis=0)
        lines = [
            f"{window.name} from step {window.origin + 1}: {_few(medians[:, row])}\n  what came: {_few(actual[:, row])}"
            for row, window in enumerate(examples)
        ]
        return "\n".join(lines)

    def inputs(self, sources: Sequence[str], encoding: str) -> Iterator[tuple[str, str]]:
        """Files of series; the ends of the run's own where none is named."""
        yield from ((source, encoding) for source in sources or [OWN])

    def answer(
        self,
        model: ForecastModel,
        inputs: Iterable[tuple[str, str]],
        options: PredictionConfig,
        note: Callable[[str], None] = lambda text: None,
    ) -> Iterator[Answer]:
        """A line for each step after the end of each series."""
        assert isinstance(options, ForecastPrediction)
        for source, encoding in inputs:
            series = _series(model, source, encoding, options, note)
            prepared = [model.codec.prepare(one, ahead=model.codec.horizon) for one in series]
            for part in chunks(prepared, AT_ONCE):
                windows = [last_window(one, model.codec) for one in part]
                samples = draws(model, windows, options.samples, seed=options.seed)
                for row, one in enumerate(part):
                    yield from _lines(one, samples[:, :, row], options)

    def as_text(self, answer: Answer) -> str:
        """Series, time, mean and quantiles, between tabs."""
        numbers = [answer["mean"], *answer["quantiles"].values()]
        return "\t".join([answer["series"], str(answer["time"]), *(f"{number:.6g}" for number in numbers)])

    def pictures(self, model: ForecastModel, data: SeriesData, folder: Path, *, layer: int = 0) -> list[Path]:
        """Fans over the last steps that are held out, of up to eight series."""
        from gatework.insight.fans import plot_forecast

        windows = data.test or data.validation or data.train
        assert isinstance(windows, Windows)
        last = {int(number): index for index, number in enumerate(windows.places[:, 0])}
        found = []
        for index in list(last.values())[:PICTURES]:
            window = windows[index]
            samples = draws(model, [window], 500, seed=1)[:, :, 0]
            plain = "".join(letter if letter.isalnum() else "-" for letter in window.name)
            found.append(
                plot_forecast(
                    window.values[: -model.codec.horizon],
                    {level: np.quantile(samples, level, axis=0) for level in QUANTILES},
                    folder / f"forecast-{window.series + 1}-{plain[:40]}.png",
                    actual=window.values[-model.codec.horizon :],
                    times=windows.times(index),
                    title=f"{window.name}: the last {model.codec.horizon} held-out steps",
                    ylabel=window.name,
                )
            )
        return found

    @staticmethod
    def _both(trainer: Trainer) -> tuple[ForecastModel, SeriesData]:
        assert isinstance(trainer.model, ForecastModel)
        return trainer.model, trainer.data  # type: ignore[return-value]  # what this task loads


def draws(model: ForecastModel, windows: Sequence[Window], samples: int, *, seed: int) -> np.ndarray:
    """Futures of windows (samples, horizon, windows), the same for the same seed."""
    device = next(model.parameters()).device
    batch = model.collate(windows).to(device)
    return model.sample(batch, samples, np.random.default_rng(seed))


def _series(
    model: ForecastModel, source: str, encoding: str, options: ForecastPrediction, note: Callable[[str], None]
) -> Sequence[Series]:
    codec = model.codec
    if source == OWN:
        return codec.ends
    asked = {"encoding": encoding, "missing": options.missing or codec.config.missing}
    tables = read_tables([source], codec.config.model_copy(update=asked))
    series = series_of(tables, codec.names)
    for text in (*(text for table in tables for text in table.notes), *namesakes(series, codec.ends)):
        note(text)
    return series


def _lines(series: Prepared, samples: np.ndarray, options: ForecastPrediction) -> Iterator[Answer]:
    """The steps of one forecast: samples (samples, horizon)."""
    length, horizon = len(series.values), samples.shape[1]
    ahead: Sequence[str | int] = range(1, horizon + 1)
    if series.times is not None:
        ahead = written(series.times[: length + horizon])[length:]
    levels = sorted(set(options.quantiles))
    quantiles = np.quantile(samples, levels, axis=0)
    for step, time in enumerate(ahead):
        yield {
            "series": series.name,
            "time": time,
            "mean": float(samples[:, step].mean()),
            "quantiles": {f"{level:g}": float(quantiles[row, step]) for row, level in enumerate(levels)},
        }


def _spread(model: ForecastModel) -> str:
    factor = model.spread.item()
    return "" if factor == 1 else f"; drawn {factor:.2f} times as wide as learnt, as the validation part asked"


def _few(values: np.ndarray) -> str:
    shown = " ".join(f"{value:.5g}" for value in values[:12])
    return f"{shown} ..." if len(values) > 12 else shown


TASK = ForecastTask()
