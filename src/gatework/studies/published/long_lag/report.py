"""What the study of long lags tells: which cell solves what, then each task's figures beside baseline and source."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.studies.published.long_lag.cells import CELLS
from gatework.studies.published.long_lag.pictures import overview
from gatework.studies.published.long_lag.plan import BATCH, HIDDEN, LOWER_RATE, RATES, counted
from gatework.studies.published.long_lag.tasks import TASKS
from gatework.studies.published.long_lag.training import SAMPLE, SOLVED, STOPS
from gatework.studies.report import Report
from gatework.studies.sources.adding import PUBLISHED_BASELINE
from gatework.studies.sources.digits import logistic_accuracy
from gatework.studies.statistics import mean_interval
from gatework.studies.trials import Trial, Trials

BAI = {
    "adding": ("{} at T=600", "0.177", "0.164", "0.000053"),
    "copying": ("{} at T=1000", "0.0202", "0.0204", "0.0197"),
    "digits": ("{} right, MNIST", "0.215", "0.872", "0.962"),
    "permuted digits": ("{} right, MNIST", "0.253", "0.857", "0.873"),
}
"""Table 1 of Bai et al. 2018, as two public transcriptions have it: form, then its RNN, LSTM and GRU."""
ARMS = ("elman", "lstm", "gru")
COLUMNS = (
    *("cell", "published (Bai 2018)", "ours: loss", "right", "solved", "updates", "reach", "rate"),
    *("parameters", "s", "failed"),
)


def write_report(trials: Trials, report: Report) -> None:
    """All parts."""
    judged = Trials(sorted(counted(trials), key=_place))
    _write_protocol(trials, report)
    if judged:
        _write_overview(judged, report)
    for (task, length), group in judged.groups("task", "length").items():
        report.heading(f"{task}, {length:,}")
        report.text(*_remarks(task, length, group))
        report.table(COLUMNS, [_row(task, cell, some) for (cell,), some in group.groups("cell").items()], digits=4)


def _write_protocol(trials: Trials, report: Report) -> None:
    report.text(
        f"A sequence is right where every answer in it is; a task is solved where {SOLVED:.0%} of {SAMPLE['test']} "
        "test sequences are right (half as many where sequences have 500 steps or more). Nothing is chosen by them: "
        f"training ends by {SAMPLE['validation']} validation sequences (where {STOPS:.0%} of them are right), which "
        f"also choose the best of ten checks; and of the rates {' and '.join(map(str, RATES))} (where the lower "
        f"is better, {LOWER_RATE} too) the one is taken that was best on validation with a seed that is not counted. "
        "Where sequences are longer, the rate is the one chosen for the same task and cell where they are short.",
        f"Each cell has {HIDDEN} units, Adam, batches of {BATCH}, gradients of norm 1 at most. *orthogonal* is a "
        "linear recurrence whose matrix starts orthogonal; *chrono lstm* an LSTM whose gates, *lru* a linear recurrent "
        "unit whose eigenvalues start with memories of the task's length; *lstm* starts with a forget bias of 1; "
        "*lem* is long expressive memory.",
        "Reduced against the sources, for the sake of a budget of half an hour of one core: they train on up to "
        "millions of sequences, here it is ten to fifty thousand, so that *not solved* means: not within this budget. "
        "Networks are smaller (Bai et al. have 70,000 parameters for adding and digits, 16,000 for copying). Timing "
        "tasks: intervals are equally likely in a range, errors are judged to the nearest step; spikes are predicted a "
        "step ahead, not generated freely. Digits: 8 x 8 pixels, not 28 x 28, 1,077 of them instead of 60,000.",
        "Published figures are those of table 1 of Bai et al. 2018, read in two public transcriptions of it. Figures "
        "of the older papers could not be looked up and are left out.",
    )


def _place(trial: Trial) -> tuple[int, int, int]:
    """Where a trial stands in tables: by task, length and cell, whenever it was made."""
    return list(TASKS).index(trial["task"]), trial["length"], list(CELLS).index(trial["cell"])


def _write_overview(judged: Trials, report: Report) -> None:
    report.heading("Which cell solves what")
    report.text(
        "Solved in so many of the counted seeds; where not in all, the mean share of right sequences, too. "
        "An empty field was not tried."
    )
    cells = [cell for (cell,) in judged.groups("cell")]
    rows = [
        (f"{task}, {length:,}", *(_verdict(some.where(cell=cell)) for cell in cells))
        for (task, length), some in judged.groups("task", "length").items()
    ]
    report.table(("task, length", *cells), rows)
    report.picture("overview", overview(judged), "Share of right test sequences, mean of the counted seeds.")


def _verdict(trials: Trials) -> str:
    if not trials:
        return ""
    solved = int(sum(trials.values("solved")))
    if solved == len(trials):
        return f"**{solved} of {len(trials)}**"
    return f"{solved} of {len(trials)} ({mean_interval(trials.values('right')).mean:.2f})" if trials.good else "failed"


def _row(task: str, cell: str, group: Trials) -> tuple[Any, ...]:
    good = group.good
    solved = [trial["updates"] for trial in good if trial["solved"]]
    form, *figures = BAI.get(task, ("-", "-", "-", "-"))
    return (
        cell,
        form.format(figures[ARMS.index(cell)]) if cell in ARMS else "-",
        mean_interval(good.values("loss")),
        f"{mean_interval(good.values('right')):.3f}",
        f"{len(solved)} of {len(group)}",
        f"{np.mean(solved):,.0f}" if solved else "-",
        " ".join(str(trial["reach"]) for trial in good) if good and "reach" in good[0].measured else "-",
        str(group[0]["rate"]),
        good[0]["parameters"] if good else None,
        f"{np.mean([trial.seconds for trial in group]):.1f}",
        len(group.failed),
    )


def _remarks(task: str, length: int, group: Trials) -> list[str]:
    """The baseline, and what is special about a task."""
    if not group.good:
        return []
    level = group.good[0]["baseline"]
    lines = [f"The best answer that remembers nothing: {level:.4f}."]
    if task == "adding":
        lines.append(
            f"Published as {PUBLISHED_BASELINE}; the variance of a sum of two uniform numbers is 1/6 = {1 / 6:.4f}, "
            f"so that a network at {PUBLISHED_BASELINE} does worse than the constant 1."
        )
    if task == "copying":
        lines.append(
            f"It is 10 ln 8 / (T + 20) with T = {length}, as published. At T = 1000 it is 0.0204: the published "
            "networks stay there, or nearly so."
        )
    if task.endswith("digits"):
        lines.append(f"Logistic regression that sees all pixels at once: {logistic_accuracy():.3f} right.")
    if "reach" in group.good[0].measured:
        most = group[0]["most"]
        lines.append(f"*reach*: the largest n, up to {most}, to which all words are right, learnt from n <= {length}.")
    return lines
