"""How far forecast distributions reach: one factor, so that intervals hold as often as they say.

A network is sure of what it learnt by heart. What it says of steps that it has not learnt from is too narrow by a
factor that the validation part shows; one number for all steps and series is learnt from few forecasts, too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gatework.models.forecast_figures import INTERVALS, Totals, continuous_ranked_probability, interval_ends

FACTORS = 2.0 ** (np.arange(-6, 13) / 6)
"""What spreads are chosen from: a half to four times, in steps of an eighth."""


def spread_out(draws: np.ndarray, factor: float | np.ndarray) -> np.ndarray:
    """Draws (samples, ...) brought further from their median, or nearer."""
    middle = np.median(draws, axis=0)
    return middle + factor * (draws - middle)


def spread_totals(
    draws: np.ndarray, restored: Callable[[np.ndarray], np.ndarray], actual: np.ndarray, error: np.ndarray
) -> Totals:
    """Sums that depend on the spread, for each that may be chosen: ``crps@k``, ``covered_80@k`` and ``covered_95@k``.

    Args:
        draws: (samples, horizon, batch), as they are modelled.
        restored: from there to the values as they were read; it keeps their order.
        actual: (horizon, batch), as read.
        error: (batch,) what errors are divided by.
    """
    ordered = np.sort(draws, axis=0)
    middle = np.median(ordered, axis=0)
    ends = {share: interval_ends(ordered, share) for share in INTERVALS}
    totals: Totals = {}
    for k, factor in enumerate(FACTORS):
        samples = restored(middle + factor * (ordered - middle))
        totals[f"crps@{k}"] = float((continuous_ranked_probability(samples, actual) / error).sum())
        for share, interval in ends.items():
            low, high = restored(middle + factor * (interval - middle))
            totals[f"covered_{share}@{k}"] = float(((low <= actual) & (actual <= high)).sum())
    return totals


def with_best_spread(totals: Totals) -> tuple[float, Totals]:
    """The factor whose intervals come nearest to what they say, and the sums as they are with it.

    Nearest is the least sum over 80 and 95 % intervals of the distance from that share; of several, that nearest to 1.
    """

    def miss(k: int) -> tuple[float, float]:
        gaps = [abs(totals[f"covered_{share}@{k}"] / totals["points"] - share / 100) for share in INTERVALS]
        return round(sum(gaps), 9), abs(float(np.log(FACTORS[k])))

    best = min(range(len(FACTORS)), key=miss)
    changed = {name.removesuffix(f"@{best}"): value for name, value in totals.items() if name.endswith(f"@{best}")}
    return float(FACTORS[best]), {**totals, **changed}
