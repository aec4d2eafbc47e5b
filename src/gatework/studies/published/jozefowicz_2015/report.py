"""What the study after Jozefowicz et al. tells: published cells on each task, then the search and how fast it was."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np

from gatework.studies.published.jozefowicz_2015.expression_tree import text_of
from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.search import FOUNDERS, TASKS, ranked
from gatework.studies.report import Report
from gatework.studies.statistics import mean_interval, paired_difference
from gatework.studies.trials import Trials

PUBLISHED = {
    "tanh": (0.2949, 0.3205, 0.0878),
    "LSTM": (0.8923, 0.4247, 0.0891),
    "LSTM-f": (0.2929, 0.2336, 0.0881),
    "LSTM-i": (0.7511, 0.4137, 0.0866),
    "LSTM-o": (0.8675, 0.4212, 0.0893),
    "LSTM-b": (0.9016, 0.4443, 0.0895),
    "GRU": (0.8957, 0.4596, 0.0907),
    "MUT1": (0.9214, 0.4748, 0.0897),
    "MUT2": (0.8974, 0.4732, 0.0904),
    "MUT3": (0.9073, 0.4648, 0.0916),
}
"""Next-step accuracies on arithmetic, XML and Penn Treebank."""
COLUMN = {"arithmetic": 0, "XML": 1}
SHOWN = 8


def write_comparison(trials: Trials, report: Report) -> None:
    """Accuracies of published cells beside ours."""
    report.text(
        "The accuracy is the share of next characters that the network thinks likeliest: in arithmetic those of "
        "results, in XML and text all. *LSTM-f*, *-i* and *-o* lack a gate, *LSTM-b* starts with a forget bias of 1.",
        "Differs from the source: networks of equal and small size, Adam, some hundred updates (there a search for "
        "hyperparameters for each cell, and networks of up to 5 million parameters); numbers of up to two digits "
        "instead of eight, names of up to six letters, Python's language reference as the text instead of Penn "
        "Treebank; W x + b where MUT1 and MUT2 have the bare x. Published figures are quoted from secondary notes, "
        "not read in the paper itself. Absolute figures cannot be compared, orders can.",
    )
    for (task,), group in trials.groups("task").items():
        report.heading(f"{task}: accuracy of the next character")
        rows = [_row(task, cell, some, group) for (cell,), some in group.groups("cell").items()]
        columns = ("cell", "published", "ours", "better than GRU by (pairs)", "loss, nats", "rate", "parameters", "s")
        report.table((*columns, "failed"), rows)


def _row(task: str, cell: str, trials: Trials, all_cells: Trials) -> tuple[Any, ...]:
    best = _at_chosen_rate(trials)
    pairs = _pairs(best, _at_chosen_rate(all_cells.where(cell="GRU")), task)
    return (
        cell,
        PUBLISHED[cell][COLUMN[task]] if task in COLUMN else None,
        mean_interval(best.values(task)),
        paired_difference(*pairs) if cell != "GRU" else "-",
        mean_interval(best.values(f"{task} loss")),
        str(best[0]["rate"]),
        best.good[0]["parameters"] if best.good else None,
        f"{np.mean([trial.seconds for trial in best]):.1f}",
        len(trials.failed),
    )


def _at_chosen_rate(trials: Trials) -> Trials:
    """The trials at the rate with most seeds."""
    return max(trials.groups("rate").values(), key=len, default=trials)


def _pairs(one: Trials, other: Trials, name: str) -> tuple[list[float], list[float]]:
    """A measured number of both where both have a seed."""
    first, second = ({trial["seed"]: float(trial[name]) for trial in some.good} for some in (one, other))
    seeds = sorted(first.keys() & second.keys())
    return [first[seed] for seed in seeds], [second[seed] for seed in seeds]


def write_search(trials: Trials, finals: Trials, report: Report) -> None:
    """What the search found, what failed, and cells per hour."""
    report.heading("The search")
    failures = Counter(trial.error.split(":")[0] for trial in trials.failed)
    seconds = sum(trial.seconds for trial in trials)
    compiling = sum(trials.values("compile_seconds"))
    report.text(
        f"{len(trials)} cells were compiled, trained on {' and '.join(TASKS)} and judged in {seconds:.0f} seconds with "
        f"one thread: **{3600 * len(trials) / max(seconds, 1e-9):,.0f} cells an hour**. Compiling took "
        f"{compiling:.0f} seconds of these (first use of a kernel, both tasks).",
        "Failed: "
        + (", ".join(f"{count} by {kind}" for kind, count in failures.items()) or "none")
        + ". *EngineError*: the cell cannot be compiled; *DivergedError*: its loss became infinite or no number.",
        "A candidate's fitness is the lower of its two accuracies, each divided by the GRU's.",
    )
    order = ranked(trials)
    if order:
        report.picture("search", _generations(trials), "Fitness of the candidates of each generation.")
        rows = [
            (name_of(t["definitions"]), t["generation"], fit, t["arithmetic"], t["XML"]) for t, fit in order[:SHOWN]
        ]
        report.table(("cell", "generation", "fitness", *TASKS), rows)
    if finals:
        report.heading("The best, measured again")
        report.text("With other seeds than those that chose them, and more updates.")
        again: list[tuple[Any, ...]] = []
        for group in _by_cell(finals).values():
            figures = [mean_interval(group.values(task)) for task in TASKS]
            again.append((name_of(group[0]["definitions"]), *figures, len(group.failed)))
        report.table(("cell", *TASKS, "failed"), again)


def name_of(definitions: list[Any]) -> str:
    """The paper's name of a cell, or its equations."""
    for name in FOUNDERS:
        if [list(one) for one in KNOWN[name]] == definitions:
            return name
    return "; ".join(f"{name} = {text_of(tree)}" for name, tree in definitions)


def _by_cell(trials: Trials) -> dict[str, Trials]:
    keys = dict.fromkeys(json.dumps(trial["definitions"]) for trial in trials)
    return {key: trials.where(definitions=json.loads(key)) for key in keys}


def _generations(trials: Trials) -> Any:
    from gatework.insight.figure import new_figure

    figure = new_figure(6, 3.2)
    axes = figure.subplots()
    pairs = [(trial["generation"], fitness) for trial, fitness in ranked(trials)]
    axes.plot(*zip(*pairs, strict=True), "o", alpha=0.6)
    axes.axhline(1, color="grey", linewidth=0.8, linestyle=":")
    axes.annotate("GRU", (1, 1), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
    axes.set(xlabel="generation", ylabel="fitness", xticks=sorted({generation for generation, _ in pairs}))
    return figure
