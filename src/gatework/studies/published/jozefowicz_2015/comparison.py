"""Cells compared: the rate of each is chosen by validation with a seed of its own, other seeds are tested."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gatework.studies.published.jozefowicz_2015.search import CHOOSING
from gatework.studies.trials import Settings, Trials

RATES = (0.01, 0.03)


@dataclass(frozen=True)
class ComparisonSize:
    """How much is compared.

    Attributes:
        updates: of a training; rates are chosen by half as many.
        parameters: of a model, as near as its width allows.
        rates: that are tried.
    """

    updates: int
    parameters: int
    rates: tuple[float, ...] = RATES


def plan_comparison(
    size: ComparisonSize, arms: Iterable[dict[str, Any]], tasks: Iterable[str], seeds: range, done: Trials
) -> list[Settings]:
    """For each task and cell the trials that choose a rate, and once these are made those that are counted.

    Args:
        size: how much.
        arms: of each cell, its settings: ``cell``, and ``definitions`` where it is not a published one.
        tasks: their names.
        seeds: that are counted.
        done: what was made.
    """
    wanted: list[Settings] = []
    for task in tasks:
        for arm in arms:
            base = {**arm, "task": task, "parameters": size.parameters}
            tried = [_choosing(base, size, rate) for rate in size.rates]
            wanted += tried
            rate = chosen_rate(Trials([trial for trial in done if trial.settings in tried]), len(tried))
            if rate is not None:
                final = {**base, "part": "compare", "updates": size.updates, "rate": rate, "judged_on": "test"}
                wanted += [{**final, "seed": seed} for seed in seeds]
    return wanted


def _choosing(base: Settings, size: ComparisonSize, rate: float) -> Settings:
    about = {"part": "rate", "updates": max(1, size.updates // 2), "rate": rate, "judged_on": "validation"}
    return {**base, **about, "seed": CHOOSING}


def chosen_rate(tried: Trials, count: int) -> float | None:
    """The rate of the lowest validation loss; None until as many as ``count`` were tried, or where all failed."""
    finite = tried.good.that(lambda trial: math.isfinite(trial[f"{trial['task']} loss"]))
    if len(tried) < count or not finite:
        return None
    return float(min(finite, key=lambda trial: float(trial[f"{trial['task']} loss"])).settings["rate"])
