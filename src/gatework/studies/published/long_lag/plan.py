"""Which trials the study of long lags makes: each cell at the learning rate that a seed of its own chose."""

from __future__ import annotations

from typing import NamedTuple

from gatework.studies.sources.counting import LETTERS
from gatework.studies.study import Scope
from gatework.studies.trials import Settings, Trial, Trials

CHOOSING = 0
"""The seed by which rates are chosen; it is not among those that are counted."""
RATES = (0.002, 0.01)
LOWER_RATE = 0.0004
"""Tried too where the lower of the two is the better one, or both fail."""
USUAL = ("elman", "orthogonal", "irnn", "lstm", "chrono lstm", "gru", "lru", "lem")
COUNTERS = (*USUAL[:4], "peephole lstm", *USUAL[5:])
HIDDEN, BATCH = 32, 32


class Exercise(NamedTuple):
    """A task of a length, the updates it is given, the cells that try it, and how many seeds are counted."""

    task: str
    length: int
    updates: int
    cells: tuple[str, ...]
    seeds: int = 2


SHORT = (
    Exercise("adding", 100, 1200, USUAL),
    Exercise("copying", 50, 800, USUAL),
    Exercise("temporal order", 100, 600, USUAL),
    Exercise("latched noise", 100, 300, USUAL),
    Exercise("spike delays", 20, 500, COUNTERS),
    Exercise("timed spikes", 20, 700, COUNTERS),
    Exercise("embedded Reber", 5, 400, USUAL),
    Exercise("a^n b^n", 10, 500, COUNTERS),
    Exercise("a^n b^n c^n", 10, 500, COUNTERS),
    Exercise("digits", 64, 600, USUAL),
    Exercise("permuted digits", 64, 600, USUAL),
)
LONG = (
    Exercise("adding", 1000, 1500, ("lstm", "chrono lstm", "gru")),
    Exercise("temporal order", 1000, 600, ("lstm", "chrono lstm", "lru")),
    Exercise("latched noise", 1000, 400, ("elman", "orthogonal", "lstm", "chrono lstm", "lru")),
    Exercise("copying", 1000, 300, ("orthogonal", "gru", "lru")),
)
"""Here the rate is the one that was chosen for the same task and cell where sequences are shorter."""
QUICK = tuple(
    Exercise(task, length, 150, ("elman", "orthogonal", "lstm", "gru"), seeds=1)
    for task, length in {"adding": 10, "copying": 5, "latched noise": 30, "embedded Reber": 5, "a^n b^n": 5}.items()
)
QUICK_LONG = (Exercise("latched noise", 300, 60, ("orthogonal", "lstm"), seeds=1),)
REACH = {True: 20, False: 200}


def planned(scope: Scope, done: Trials) -> list[Settings]:
    """All trials known by now: rates tried, then the best with each counted seed, all tasks with one after the other.

    So a study that is stopped early is complete with fewer seeds.
    """
    tried: list[Settings] = []
    final: list[Settings] = []
    rates: dict[tuple[str, str], float] = {}
    for exercise in QUICK if scope.quick else SHORT:
        for cell in exercise.cells:
            choosing, rate = _tried_rates(scope, exercise, cell, done)
            tried += choosing
            if rate is not None:
                rates[exercise.task, cell] = rate
                final += _counted(scope, exercise, cell, rate)
    for exercise in QUICK_LONG if scope.quick else LONG:
        for cell in exercise.cells:
            if (exercise.task, cell) in rates:
                final += _counted(scope, exercise, cell, rates[exercise.task, cell])
    return tried + sorted(final, key=lambda settings: int(settings["seed"]))


def _counted(scope: Scope, exercise: Exercise, cell: str, rate: float) -> list[Settings]:
    return [_settings(scope, exercise, cell, rate, seed) for seed in scope.seed_range(exercise.seeds, exercise.seeds)]


def _settings(scope: Scope, exercise: Exercise, cell: str, rate: float, seed: int) -> Settings:
    return {
        "task": exercise.task,
        "length": exercise.length,
        "cell": cell,
        "updates": exercise.updates,
        "hidden": HIDDEN,
        "batch": BATCH,
        **({"most": REACH[scope.quick]} if exercise.task in LETTERS else {}),
        "rate": rate,
        "seed": seed,
    }


def _tried_rates(scope: Scope, exercise: Exercise, cell: str, done: Trials) -> tuple[list[Settings], float | None]:
    """The trials that choose a rate, and the rate once these are made and one of them did not fail."""
    tried = [_settings(scope, exercise, cell, rate, CHOOSING) for rate in RATES]
    made = done.that(lambda trial: trial.settings in tried)
    if len(made) == len(tried) and chosen_rate(made) in (min(RATES), None):
        tried.append(_settings(scope, exercise, cell, LOWER_RATE, CHOOSING))
        made = done.that(lambda trial: trial.settings in tried)
    return tried, chosen_rate(made) if len(made) == len(tried) else None


def chosen_rate(tried: Trials) -> float | None:
    """The rate that was best on its validation sample; None where all failed."""

    def merit(trial: Trial) -> tuple[float, int, float]:
        return -trial["validation right"], trial["updates"], trial["validation loss"]

    return float(min(tried.good, key=merit).settings["rate"]) if tried.good else None


def counted(trials: Trials) -> Trials:
    """Those that are judged by: all but the ones that chose a rate."""
    return trials.that(lambda trial: trial.settings["seed"] != CHOOSING)
