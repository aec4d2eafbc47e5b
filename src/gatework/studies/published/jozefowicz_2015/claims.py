"""The claims of the paper's abstract beside what the same comparison gives here."""

from __future__ import annotations

from gatework.studies.report import Report
from gatework.studies.statistics import Interval, difference_by_seed
from gatework.studies.trials import Trials


def compared(trials: Trials, task: str, cell: str, other: str) -> Interval:
    """By how much a cell's accuracy on a task is higher than another's, over the seeds that both have."""
    first, second = (trials.where(task=task, cell=name) for name in (cell, other))
    return difference_by_seed(first, second, task)


def write_claims(trials: Trials, report: Report) -> None:
    """Two tables: whether a forget bias closes the gap, and which cells beat both the LSTM and the GRU."""
    tasks = [task for (task,) in trials.groups("task")]
    cells = [cell for (cell,) in trials.groups("cell")]
    report.heading("What was published, and what is found here")
    report.text(
        'Published: "adding a bias of 1 to the LSTM\'s forget gate closes the gap between the LSTM and the GRU".'
    )
    rows = [(task, "closed", *(gaps := _gaps(trials, task)), closes(*gaps)) for task in tasks]
    columns = ("task", "published", "ours: LSTM - GRU", "LSTM-b - LSTM", "LSTM-b - GRU", "holds")
    report.table(columns, rows)
    report.text(
        "Published: of more than 10,000 cells one was found that outperforms both the LSTM and the GRU on some but not "
        "all tasks. Here, the tasks on which a cell's accuracy is higher than that of the GRU and of both LSTMs, and "
        "those where also the 95 % intervals of the paired differences are above zero:"
    )
    others = [cell for cell in cells if cell.startswith(("MUT", "found"))]
    report.table(
        ("cell", "ours: higher on", "clearly higher on"), [(cell, *_higher(trials, tasks, cell)) for cell in others]
    )


def _gaps(trials: Trials, task: str) -> tuple[Interval, Interval, Interval]:
    pairs = (("LSTM", "GRU"), ("LSTM-b", "LSTM"), ("LSTM-b", "GRU"))
    gap, gain, rest = (compared(trials, task, cell, other) for cell, other in pairs)
    return gap, gain, rest


def closes(gap: Interval, gain: Interval, rest: Interval) -> str:
    """Whether a forget bias closes the gap.

    Args:
        gap: the LSTM's accuracy less the GRU's.
        gain: what the bias adds to the LSTM's.
        rest: the LSTM's with the bias less the GRU's.
    """
    if not all(one.count > 1 for one in (gap, gain, rest)):
        return "not measured"
    if not gap.high < 0:
        return "no gap that could be told from zero"
    if gain.mean <= 0:
        return "no, the bias adds nothing"
    if not gain.low > 0:
        return "cannot be told"
    return "in part" if rest.high < 0 else "yes"


def _higher(trials: Trials, tasks: list[str], cell: str) -> tuple[str, str]:
    pairs = {task: [compared(trials, task, cell, other) for other in ("GRU", "LSTM", "LSTM-b")] for task in tasks}
    known = {task: differences for task, differences in pairs.items() if all(one.count for one in differences)}
    higher = [task for task, differences in known.items() if all(one.mean > 0 for one in differences)]
    clearly = [task for task, differences in known.items() if all(one.low > 0 for one in differences)]
    return ", ".join(higher) or "none", ", ".join(clearly) or "none"
