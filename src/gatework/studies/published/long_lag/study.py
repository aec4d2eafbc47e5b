"""The plan: every task by several cells, and what one trial measures."""

from __future__ import annotations

import math
from typing import Any

from gatework.studies.networks import StepReader
from gatework.studies.published.long_lag.report import write_report
from gatework.studies.published.long_lag.tasks import TASKS
from gatework.studies.published.long_lag.training import Lesson, learn, reach
from gatework.studies.report import Report
from gatework.studies.sizes import parameter_count
from gatework.studies.sources.counting import LETTERS
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials

CELLS: dict[str, tuple[str, Settings]] = {
    "elman": ("elman", {}),
    "orthogonal": ("elman", {"activation": "identity", "init": "glorot"}),
    "irnn": ("irnn", {}),
    "lstm": ("lstm", {}),
    "peephole lstm": ("peephole-lstm", {}),
    "chrono lstm": ("lstm", {}),
    "gru": ("gru", {}),
    "lru": ("lru", {"min_radius": 0.9, "max_radius": 0.9999}),
    "lem": ("lem", {}),
}
USUAL = ("elman", "orthogonal", "irnn", "lstm", "gru", "lru", "lem")
COUNTERS = (*USUAL, "peephole lstm")
RATES = (0.002, 0.01)
LONGEST = 1000

# task, length, updates, cells
SHORT = (
    ("adding", 100, 800, USUAL),
    ("copying", 50, 800, (*USUAL, "chrono lstm")),
    ("temporal order", 100, 600, USUAL),
    ("latched noise", 100, 300, USUAL),
    ("spike delays", 20, 600, COUNTERS),
    ("timed spikes", 20, 600, COUNTERS),
    ("embedded Reber", 5, 600, USUAL),
    ("a^n b^n", 10, 600, COUNTERS),
    ("a^n b^n c^n", 10, 600, COUNTERS),
    ("digits", 64, 600, USUAL),
    ("permuted digits", 64, 600, USUAL),
)
LONG = (
    ("adding", LONGEST, 500, ("elman", "irnn", "lstm", "chrono lstm", "gru", "lem")),
    ("copying", LONGEST, 500, ("elman", "orthogonal", "irnn", "lstm", "chrono lstm", "gru", "lru", "lem")),
)
QUICK = {"adding": 10, "copying": 5, "latched noise": 30, "embedded Reber": 5, "a^n b^n": 5}
QUICK_CELLS = ("elman", "orthogonal", "lstm", "gru")
REACH = {True: 20, False: 200}


class LongLag(Study):
    """Every task by several cells."""

    name = "long-lag"
    title = "Long lags: which cell solves what"
    question = (
        "Which recurrent cells learn tasks that ask for what was seen ten to a thousand steps ago, "
        "and which stay at the answer that remembers nothing?"
    )
    sources = (
        "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
        "Gers and Schmidhuber 2001, doi:10.1109/72.963769",
        "Gers, Schraudolph and Schmidhuber 2002, JMLR 3, 115-143",
        "Le, Jaitly and Hinton 2015, arXiv:1504.00941",
        "Arjovsky, Shah and Bengio 2016, arXiv:1511.06464",
        "Bai, Kolter and Koltun 2018, arXiv:1803.01271",
    )

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Each cell on each task at two rates with the first seed, then the better with the others; long ones once."""
        wanted: list[Settings] = []
        for trial in _first(scope):
            long = trial["length"] == LONGEST
            tried = [{**trial, "rate": rate, "seed": 1} for rate in RATES[: 1 if long else None]]
            wanted += tried
            made = Trials([one for one in done if one.settings in tried])
            best = made.good.that(lambda one: math.isfinite(one["loss"]))
            if len(made) == len(tried) and best and not long:
                rate = min(best, key=lambda one: (-one["right"], one["updates"], one["loss"])).settings["rate"]
                wanted += [{**trial, "rate": rate, "seed": seed} for seed in scope.seed_range(1, 2)[1:]]
        return wanted

    def measure(self, settings: Settings) -> Measured:
        """Train until the task is solved; how far it got, and how far a counter counts."""
        task = TASKS[settings["task"]]
        kind, options = CELLS[settings["cell"]]
        if settings["cell"] == "chrono lstm":
            options = {**options, "chrono": settings["length"]}
        model = StepReader(kind, task.inputs, settings["hidden"], task.outputs, **options)
        lesson = Lesson(*(settings[name] for name in ("length", "updates", "batch", "rate", "seed")))
        measured = learn(model, task, lesson)
        if task.name in LETTERS:
            measured["reach"] = reach(model, task, settings["most"])
        return {**measured, "baseline": task.baseline(settings["length"]), "parameters": parameter_count(model)}

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Which cell solves what, then a table for each task."""
        write_report(trials, report)


def _first(scope: Scope) -> list[Settings]:
    """What a trial is but for rate and seed, the long ones last."""
    if scope.quick:
        chosen: Any = [(task, length, 150, QUICK_CELLS) for task, length in QUICK.items()]
    else:
        chosen = (*SHORT, *LONG)
    return [
        {
            "task": task,
            "length": length,
            "cell": cell,
            "updates": updates,
            "hidden": 32,
            "batch": 20 if length == LONGEST else 32,
            **({"most": REACH[scope.quick]} if task in LETTERS else {}),
        }
        for task, length, updates, cells in chosen
        for cell in cells
    ]


STUDY = LongLag()
