"""What the study after Jozefowicz et al. asks, and what one of its trials measures."""

from __future__ import annotations

from typing import Any

from gatework.studies.published.jozefowicz_2015.comparison import ComparisonSize, plan_counted, plan_rates
from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.measuring import measure_cell
from gatework.studies.published.jozefowicz_2015.report import write_report
from gatework.studies.published.jozefowicz_2015.search import SEARCHED, SearchSize, finalists, plan_search
from gatework.studies.report import Report
from gatework.studies.sources.characters import TASKS
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials

QUICK_CELLS = ("tanh", "LSTM", "LSTM-b", "GRU")
COMPARISON = {True: ComparisonSize(150, 6_000, rates=(0.01,)), False: ComparisonSize(600, 20_000)}
SEARCH = {
    True: SearchSize(2, 6, 2, updates=60, parameters=3_000, finalists=1),
    False: SearchSize(4, 10, 4, updates=300, parameters=20_000, finalists=2),
}


class Jozefowicz2015(Study):
    """Published cells, and what a search finds, at equal size and budget."""

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
        """Rates of the published cells and the search; then, with what it found, each counted seed after the other."""
        size, tasks = COMPARISON[scope.quick], TASKS[1:2] if scope.quick else TASKS
        arms: list[dict[str, Any]] = [{"cell": cell} for cell in (QUICK_CELLS if scope.quick else KNOWN)]
        searched, complete = plan_search(SEARCH[scope.quick], done)
        if not complete:
            return [*plan_rates(size, arms, tasks), *searched]
        best = finalists(SEARCH[scope.quick], done.that(lambda trial: trial.settings in searched))
        arms += [{"cell": cell, "definitions": definitions} for cell, definitions in best.items()]
        rates = plan_rates(size, arms, tasks)
        return [*rates, *searched, *plan_counted(rates, scope.seed_range(2, 3), done)]

    def measure(self, settings: Settings) -> Measured:
        """Compile, train and judge one cell."""
        definitions = settings["definitions"] if "definitions" in settings else KNOWN[settings["cell"]]
        tasks = SEARCHED if settings["part"] == "search" else (settings["task"],)
        return measure_cell([(name, tree) for name, tree in definitions], tasks, settings)

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """The claims, the comparison, then the search with its rate and what it found."""
        write_report(trials, report)


STUDY = Jozefowicz2015()
