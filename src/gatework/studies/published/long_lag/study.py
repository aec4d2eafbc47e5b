"""What the study of long lags asks, and what one of its trials measures."""

from __future__ import annotations

from gatework.studies.published.long_lag.cells import make_reader
from gatework.studies.published.long_lag.plan import planned
from gatework.studies.published.long_lag.report import write_report
from gatework.studies.published.long_lag.tasks import TASKS
from gatework.studies.published.long_lag.training import Lesson, learn, reach
from gatework.studies.report import Report
from gatework.studies.sizes import parameter_count
from gatework.studies.sources.counting import LETTERS
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials


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
        """Each cell on each task at two rates with a seed that is not counted, then the better with those that are."""
        return planned(scope, done)

    def measure(self, settings: Settings) -> Measured:
        """Train until the task is solved; how far it got on fresh sequences, and how far a counter counts."""
        task = TASKS[settings["task"]]
        model = make_reader(settings["cell"], task, settings["length"], settings["hidden"])
        lesson = Lesson(*(settings[name] for name in ("length", "updates", "batch", "rate", "seed")))
        measured = learn(model, task, lesson)
        if task.name in LETTERS:
            measured["reach"] = reach(model, task, settings["most"])
        return {**measured, "baseline": task.baseline(settings["length"]), "parameters": parameter_count(model)}

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Which cell solves what, then a table for each task."""
        write_report(trials, report)


STUDY = LongLag()
