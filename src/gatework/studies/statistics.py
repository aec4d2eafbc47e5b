"""Means over seeds with their uncertainty, and comparisons of what was measured in pairs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from gatework.studies.trials import Trials

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean with the half width of its confidence interval.

    Attributes:
        mean: of the values; NaN where there are none.
        half_width: of the 95 % interval by Student's t; NaN for fewer than two values.
        count: of the values.
    """

    mean: float
    half_width: float
    count: int

    @property
    def low(self) -> float:
        """Where the interval begins."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Where it ends."""
        return self.mean + self.half_width

    def __format__(self, spec: str) -> str:
        """``mean ± half width``, both as ``spec`` says; the mean alone where there is one value."""
        if not self.count:
            return "-"
        spec = spec or ".3f"
        shown = format(self.mean, spec)
        return shown if math.isnan(self.half_width) else f"{shown} ± {self.half_width:{spec}}"

    def __str__(self) -> str:
        """With three digits after the point."""
        return format(self, "")


def mean_interval(values: Sequence[float], comparisons: int = 1) -> Interval:
    """The mean of independent values with its 95 % confidence interval, as if they were normal.

    Args:
        values: at least two for an interval.
        comparisons: how many such intervals are to hold together 95 % of the time (Bonferroni).
    """
    count = len(values)
    if not count:
        return Interval(math.nan, math.nan, 0)
    mean = statistics.fmean(values)
    if count == 1 or not all(map(math.isfinite, values)):
        return Interval(mean, math.nan, count)
    return Interval(mean, _quantile(count - 1, comparisons) * statistics.stdev(values) / math.sqrt(count), count)


def paired_difference(first: Sequence[float], second: Sequence[float], comparisons: int = 1) -> Interval:
    """How much higher the first of each pair is; the same seed, split or task makes a pair.

    Args:
        first: of each pair.
        second: of each pair.
        comparisons: see ``mean_interval``.

    Raises:
        ValueError: the numbers of values differ.
    """
    return mean_interval([one - other for one, other in zip(first, second, strict=True)], comparisons)


def difference_by_seed(first: Trials, second: Trials, name: str, comparisons: int = 1) -> Interval:
    """How much higher a measured number is in the first trials, over the seeds at which neither failed.

    Args:
        first: one for each seed.
        second: likewise.
        name: of what was measured.
        comparisons: see ``mean_interval``.
    """
    own, other = (
        {trial.settings["seed"]: float(trial[name]) for trial in trials.good if trial.measured.get(name) is not None}
        for trials in (first, second)
    )
    seeds = [seed for seed in own if seed in other]
    return paired_difference([own[seed] for seed in seeds], [other[seed] for seed in seeds], comparisons)


def _quantile(freedom: int, comparisons: int) -> float:
    """Student's t at the upper end of the interval."""
    from scipy.special import stdtrit  # the extra [studies]

    return float(stdtrit(freedom, 1 - (1 - LEVEL) / (2 * comparisons)))
