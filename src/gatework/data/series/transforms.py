"""Functions of a series' values under which it is modelled, and what is known of it under them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatework.errors import InputError
from gatework.settings.tasks.forecast import ForecastData

LARGEST_EXPONENT = 700.0  # of which exp is still a float
SMALLEST_SHARE = 0.05
"""A window's scale is at least this share of its series': while a rate is pegged, it hardly moves, and then it does."""
LOWEST = {"none": -np.inf, "log": np.nextafter(0, 1), "log1p": np.nextafter(-1, 0), "sqrt": 0.0}


class Statistics(NamedTuple):
    """What is known of a series from its training part.

    Attributes:
        error: mean absolute error of the seasonal naive forecast one season ahead, by which errors are scaled
            (Hyndman and Koehler 2006); 1 where that is 0.
        shift: what is subtracted from what is modelled: its mean, or 0.
        scale: what it is then divided by: its mean size or deviation; 1 where that is 0.
        mean: of the transformed values.
        deviation: of the transformed values; 1 where that is 0.
    """

    error: float
    shift: float
    scale: float
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: np.ndarray, config: ForecastData) -> Statistics:
        """Those of values (n,), with season and differences as configured."""
        transformed = transform(values, config)
        shift, scale = shift_and_scale(modelled(transformed, config)[:, None], config)
        season = config.season or 1
        error = float(np.abs(values[season:] - values[:-season]).mean()) if len(values) > season else 0.0
        mean, deviation = float(transformed.mean()), float(transformed.std())
        return cls(error or 1.0, float(shift[0]), float(scale[0]) or 1.0, mean, deviation or 1.0)


def transform(values: np.ndarray, config: ForecastData) -> np.ndarray:
    """Values as they are modelled, float64; NaN stays.

    Raises:
        InputError: the function is not defined for a value.
    """
    kind = config.transform
    if (values < LOWEST[kind]).any():
        bound = {"log": "above 0", "log1p": "above -1", "sqrt": "of at least 0"}[kind]
        worst = float(np.nanmin(values))
        raise InputError(f"--transform {kind} is for values {bound}, not {worst:g}", "choose another, or none")
    found = np.asarray(values, np.float64)
    return found if kind == "none" else {"log": np.log, "log1p": np.log1p, "sqrt": np.sqrt}[kind](found)


def restore(transformed: np.ndarray, config: ForecastData) -> np.ndarray:
    """The inverse of ``transform``, also of what it never gives: below 0 a square root counts as 0."""
    kind = config.transform
    if kind == "none":
        return transformed
    if kind == "sqrt":
        return np.square(np.maximum(transformed, 0))
    return (np.exp if kind == "log" else np.expm1)(np.minimum(transformed, LARGEST_EXPONENT))


def lag(config: ForecastData) -> int:
    """Steps back to what is subtracted before modelling; 0: nothing is."""
    return {"none": 0, "last": 1, "season": config.season or 1}[config.difference]


def modelled(transformed: np.ndarray, config: ForecastData) -> np.ndarray:
    """Differences over time, shorter by the lag; the same where there is none: (n, ...) to (n - lag, ...)."""
    back = lag(config)
    return transformed[back:] - transformed[:-back] if back else transformed


def shift_and_scale(values: np.ndarray, config: ForecastData) -> tuple[np.ndarray, np.ndarray]:
    """What brings each column of values (n, batch) to a common size: two arrays (batch,)."""
    zeros = np.zeros(values.shape[1])
    if config.scaling == "none" or not len(values):
        return zeros, zeros + 1
    if config.scaling == "absolute":
        return zeros, np.abs(values).mean(axis=0)
    return values.mean(axis=0), values.std(axis=0)
