"""A forecaster of time series in scikit-learn's manner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from gatework.data.series.series import Series, SeriesTable
from gatework.data.series.series_codec import Prepared
from gatework.data.series.series_dataset import divided_series
from gatework.data.series.series_windows import last_window
from gatework.estimators.estimator import SequenceEstimator, seeded
from gatework.models.forecast import ForecastModel
from gatework.settings.tasks.forecast import SETTINGS, ForecastConfig, ForecastData
from gatework.tasks.forecast import draws


class Forecaster(SequenceEstimator):
    """The next ``horizon`` steps of one or several series, with intervals.

    Parameters are the settings of ``gatework train --task forecast`` that concern values, all by keyword.

    Example:
        >>> Forecaster(horizon=12, season=12).fit(passengers).predict()

    Attributes (after ``fit``):
        model_: the ``ForecastModel``.
        outcome_: how the training went.
    """

    Network = ForecastModel
    Shape = ForecastConfig
    Training = SETTINGS.training
    Data = ForecastData
    data_settings = (
        *("horizon", "context", "season", "transform", "difference", "scaling", "scaled_over", "windows"),
        *("validation", "split_seed"),
    )

    def fit(self, X: Any, y: None = None) -> Self:
        """Learn from series; the last share of each (``validation``) chooses the best model.

        Args:
            X: one series (steps,), or a list of several of any lengths.
            y: not used.

        Raises:
            ValueError: a value is not finite.
            InputError: a series is too short for horizon and context, or a setting is out of range.
        """
        series = _series(X)
        own: ForecastData = self._section(ForecastData).model_copy(update={"test": 0.0, "calendar": False})
        self.one_series_ = len(series) == 1
        data = divided_series([SeriesTable("X", series, ("value",), (), (), None, [])], own, "X")
        training = self._section(self.Training)
        seeded(training)
        self._train(ForecastModel(self._section(ForecastConfig), data.codec), data, training)
        return self

    def predict(self, X: Any = None) -> np.ndarray:
        """The mean forecast after the end of each series.

        Args:
            X: series as for ``fit``; the ends of those of ``fit`` unless given.

        Returns:
            (horizon,) for one series, (series, horizon) for several.

        Raises:
            NotFittedError: it was not fitted.
            InputError: a series is too short.
        """
        return self._shaped(self._samples(X).mean(axis=0), X)

    def predict_quantiles(self, quantiles: Sequence[float], X: Any = None) -> np.ndarray:
        """Quantiles of the forecast, (quantiles, horizon) or (quantiles, series, horizon).

        Raises:
            ValueError: a quantile does not lie between 0 and 1.
        """
        if not all(0 < one < 1 for one in quantiles):
            raise ValueError(f"quantiles must lie between 0 and 1, not {list(quantiles)}")
        found = np.quantile(self._samples(X), quantiles, axis=0)
        return np.stack([self._shaped(one, X) for one in found])

    def score(self, X: Any, y: None = None) -> float:
        """Minus the mean absolute scaled error of the last ``horizon`` steps of each series, from those before.

        Errors are over those of the seasonal naive forecast within the steps before (Hyndman and Koehler 2006).
        """
        check_is_fitted(self, "model_")
        horizon, season = self.model_.codec.horizon, self.model_.codec.season
        values = [one.targets[:, 0] for one in _series(X)]
        before = [one[:-horizon] for one in values]
        found = self._samples(before).mean(axis=0)
        scales = [float(np.abs(one[season:] - one[:-season]).mean()) or 1.0 for one in before]
        errors = [float(np.abs(a - b[-horizon:]).mean()) for a, b in zip(found, values, strict=True)]
        return -float(np.mean([error / scale for error, scale in zip(errors, scales, strict=True)]))

    def _samples(self, X: Any) -> np.ndarray:
        """Futures drawn, (samples, series, horizon)."""
        check_is_fitted(self, "model_")
        codec = self.model_.codec
        series = codec.ends if X is None else _series(X, "new ")
        prepared: list[Prepared] = [codec.prepare(one, ahead=codec.horizon) for one in series]
        windows = [last_window(one, codec) for one in prepared]
        return draws(self.model_.eval(), windows, 500, seed=1).transpose(0, 2, 1)

    def _shaped(self, values: np.ndarray, X: Any) -> np.ndarray:
        return values[0] if (self.one_series_ if X is None else _is_one(X)) else values

    def _fitted(self) -> dict[str, Any]:
        return {"one_series": self.one_series_}

    def _refit(self, fitted: Any) -> None:
        self.one_series_ = bool(fitted["one_series"])


def _is_one(X: Any) -> bool:
    return np.ndim(next(iter(X))) == 0


def _series(X: Any, prefix: str = "") -> list[Series]:
    """Values as series without times; a prefix tells those apart that were not trained on."""
    if not len(X):
        raise ValueError("X has no series")
    found = []
    for number, one in enumerate([X] if _is_one(X) else X):
        values = np.asarray(one, np.float64).reshape(-1, 1)
        if not np.isfinite(values).all():
            raise ValueError(f"series {number} has no finite value at step {int(np.argmin(np.isfinite(values)))}")
        nothing = np.zeros((len(values), 0))
        found.append(Series(f"{prefix}{number}", values, nothing, nothing, None, None))
    return found
