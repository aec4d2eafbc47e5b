"""Means over seeds with their uncertainty, and comparisons of what was measured in pairs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

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


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean of independent values with its 95 % confidence interval, as if they were normal."""
    count = len(values)
    if not count:
        return Interval(math.nan, math.nan, 0)
    mean = statistics.fmean(values)
    if count == 1 or not all(map(math.isfinite, values)):
        return Interval(mean, math.nan, count)
    return Interval(mean, _quantile(count - 1) * statistics.stdev(values) / math.sqrt(count), count)


def paired_difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """How much higher the first of each pair is; the same seed, split or task makes a pair.

    Raises:
        ValueError: the numbers of values differ.
    """
    return mean_interval([one - other for one, other in zip(first, second, strict=True)])


def _quantile(freedom: int) -> float:
    """Student's t at the upper end of the interval."""
    from scipy.special import stdtrit  # the extra [studies]

    return float(stdtrit(freedom, (1 + LEVEL) / 2))
