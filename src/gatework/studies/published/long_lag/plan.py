"""Which trials the study of long lags makes: each cell at the learning rate that a seed of its own chose."""

from __future__ import annotations

from typing import NamedTuple

from gatework.studies.sources.counting import LETTERS
from gatework.studies.study import Scope
from gatework.studies.trials import Settings, Trial, Trials

CHOOSING = 0
"""The seed by which rates are chosen; it is not among those that are counted."""
RATES = (0.002, 0.01)
USUAL = ("elman", "orthogonal", "irnn", "lstm", "chrono lstm", "gru", "lru", "lem")
COUNTERS = (*USUAL[:4], "peephole lstm", *USUAL[5:])
HIDDEN, BATCH = 32, 32


class Exercise(NamedTuple):
    """A task of a length, the updates it is given, the cells that try it, and how many seeds are counted."""

    task: str
    length: int
    updates: int
    cells: tuple[str, ...]
    seeds: int = 3


SHORT = (
    Exercise("adding", 100, 800, USUAL),
    Exercise("copying", 50, 600, USUAL),
    Exercise("temporal order", 100, 600, USUAL),
    Exercise("latched noise", 100, 300, USUAL),
    Exercise("spike delays", 20, 500, COUNTERS),
    Exercise("timed spikes", 20, 500, COUNTERS),
    Exercise("embedded Reber", 5, 400, USUAL),
    Exercise("a^n b^n", 10, 500, COUNTERS),
    Exercise("a^n b^n c^n", 10, 500, COUNTERS),
    Exercise("digits", 64, 600, USUAL),
    Exercise("permuted digits", 64, 600, USUAL),
)
LONG = (
    Exercise("adding", 1000, 1500, ("elman", "lstm", "chrono lstm", "gru", "lem"), seeds=2),
    Exercise("temporal order", 1000, 1000, ("irnn", "lstm", "chrono lstm", "lru"), seeds=2),
    Exercise("latched noise", 1000, 400, ("elman", "orthogonal", "irnn", "lstm", "chrono lstm"), seeds=2),
    Exercise("copying", 1000, 300, ("orthogonal", "chrono lstm", "gru", "lru"), seeds=2),
)
"""Here the rate is the one that was chosen for the same task and cell where sequences are shorter."""
QUICK = tuple(
    Exercise(task, length, 150, ("elman", "orthogonal", "lstm", "gru"), seeds=1)
    for task, length in {"adding": 10, "copying": 5, "latched noise": 30, "embedded Reber": 5, "a^n b^n": 5}.items()
)
QUICK_LONG = (Exercise("latched noise", 300, 60, ("orthogonal", "lstm"), seeds=1),)
REACH = {True: 20, False: 200}


def planned(scope: Scope, done: Trials) -> list[Settings]:
    """All trials known by now: rates tried, then counted seeds at the one that its validation sample was best with."""
    wanted: list[Settings] = []
    rates: dict[tuple[str, str], float] = {}
    for exercise in QUICK if scope.quick else SHORT:
        for cell in exercise.cells:
            tried = [_settings(scope, exercise, cell, rate, CHOOSING) for rate in RATES]
            wanted += tried
            rate = chosen_rate(Trials([trial for trial in done if trial.settings in tried]))
            if rate is not None:
                rates[exercise.task, cell] = rate
                wanted += _counted(scope, exercise, cell, rate)
    for exercise in QUICK_LONG if scope.quick else LONG:
        for cell in exercise.cells:
            if (exercise.task, cell) in rates:
                wanted += _counted(scope, exercise, cell, rates[exercise.task, cell])
    return wanted


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


def chosen_rate(tried: Trials) -> float | None:
    """The rate that was best on its validation sample; None until all rates were tried, or where all failed."""
    if len(tried) < len(RATES) or not tried.good:
        return None

    def merit(trial: Trial) -> tuple[float, int, float]:
        return -trial["validation right"], trial["updates"], trial["validation loss"]

    return float(min(tried.good, key=merit).settings["rate"])


def counted(trials: Trials) -> Trials:
    """Those that are judged by: all but the ones that chose a rate."""
    return trials.that(lambda trial: trial.settings["seed"] != CHOOSING)
