"""Cells compared: the rate of each is chosen by validation with a seed of its own, other seeds are tested."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gatework.studies.published.jozefowicz_2015.search import CHOOSING
from gatework.studies.trials import Settings, Trials

RATES = (0.01, 0.03)


@dataclass(frozen=True)
class ComparisonSize:
    """How much is compared.

    Attributes:
        updates: of a training.
        parameters: of a model, as near as its width allows.
        rates: that are tried.
    """

    updates: int
    parameters: int
    rates: tuple[float, ...] = RATES


def plan_rates(size: ComparisonSize, arms: Sequence[dict[str, Any]], tasks: Sequence[str]) -> list[Settings]:
    """The trials that choose a rate for each task and cell.

    Args:
        size: how much.
        arms: of each cell, its settings: ``cell``, and ``definitions`` where it is not a published one.
        tasks: their names.
    """
    about = {"part": "rate", "updates": size.updates, "parameters": size.parameters, "judged_on": "validation"}
    return [
        {**arm, **about, "task": task, "rate": rate, "seed": CHOOSING}
        for task in tasks
        for arm in arms
        for rate in size.rates
    ]


def plan_counted(rates: Sequence[Settings], seeds: Iterable[int], done: Trials) -> list[Settings]:
    """Each task and cell whose rates were all tried, at the best of them, with one counted seed after the other."""
    tried: dict[tuple[str, str], list[Settings]] = {}
    for settings in rates:
        tried.setdefault((settings["task"], settings["cell"]), []).append(settings)
    final: list[Settings] = []
    for group in tried.values():
        made = done.that(lambda trial, group=group: trial.settings in group)  # type: ignore[misc]
        if len(made) == len(group) and (rate := chosen_rate(made)) is not None:
            final.append({**group[0], "part": "compare", "rate": rate, "judged_on": "test"})
    return [{**settings, "seed": seed} for seed in seeds for settings in final]


def chosen_rate(tried: Trials) -> float | None:
    """The rate of the lowest validation loss; None where all failed."""
    finite = tried.good.that(lambda trial: math.isfinite(trial[f"{trial['task']} loss"]))
    if not finite:
        return None
    return float(min(finite, key=lambda trial: float(trial[f"{trial['task']} loss"])).settings["rate"])
