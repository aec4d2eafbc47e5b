"""The plan: published cells at two rates, then the search."""

from __future__ import annotations

import math

from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.report import write_comparison, write_search
from gatework.studies.published.jozefowicz_2015.search import TASKS, SearchSize, measure_cell, plan_search
from gatework.studies.report import Report
from gatework.studies.sources.characters import MAKERS
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials

RATES = (0.003, 0.01)
PARAMETERS = {True: 6_000, False: 20_000}
SEARCH = {
    True: SearchSize(2, 5, 2, updates=40, parameters=3_000, finalists=1, final_updates=60),
    False: SearchSize(5, 9, 4, updates=250, parameters=15_000, finalists=3, final_updates=500),
}


class Jozefowicz2015(Study):
    """Published cells at two rates, then a search."""

    name = "jozefowicz-2015"
    title = "Recurrent cells compared, and searched for"
    question = (
        "Which of tanh, LSTM (whole, without a gate, with a forget bias of 1), GRU and MUT1-3 predicts best, and does "
        "a search that mutates cells find a better one?"
    )
    sources = (
        "Jozefowicz, Zaremba and Sutskever 2015, An empirical exploration of recurrent network architectures, "
        "ICML 2015, proceedings.mlr.press/v37/jozefowicz15",
    )

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Each cell at two rates with the first seed, the better one with the others; beside it the search."""
        return [*_comparison(scope, done), *plan_search(SEARCH[scope.quick], scope.seed_range(1, 3), done)]

    def measure(self, settings: Settings) -> Measured:
        """Compile, train and judge one cell."""
        if settings["part"] == "compare":
            return measure_cell(KNOWN[settings["cell"]], (settings["task"],), settings)
        return measure_cell([(name, tree) for name, tree in settings["definitions"]], TASKS, settings)

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """The comparison beside the published figures, then the search with its rate."""
        write_comparison(trials.where(part="compare"), report)
        write_search(trials.where(part="search"), trials.where(part="final"), report)


def _comparison(scope: Scope, done: Trials) -> list[Settings]:
    tasks = ("XML",) if scope.quick else tuple(MAKERS)
    cells = ("tanh", "LSTM", "LSTM-b", "GRU") if scope.quick else tuple(KNOWN)
    rates = RATES[-1:] if scope.quick else RATES
    base = {"part": "compare", "updates": 80 if scope.quick else 500, "parameters": PARAMETERS[scope.quick]}
    wanted: list[Settings] = []
    for task in tasks:
        for cell in cells:
            tried = [{**base, "task": task, "cell": cell, "rate": rate, "seed": 1} for rate in rates]
            wanted += tried
            made = Trials([trial for trial in done if trial.settings in tried])
            best = made.good.that(lambda trial: math.isfinite(trial[f"{trial['task']} loss"]))
            if len(made) == len(tried) and best:
                rate = max(best, key=lambda trial: trial[trial["task"]]).settings["rate"]
                wanted += [{**tried[0], "rate": rate, "seed": seed} for seed in scope.seed_range(1, 2)[1:]]
    return wanted


STUDY = Jozefowicz2015()
