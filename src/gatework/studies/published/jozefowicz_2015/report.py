"""What the study after Jozefowicz et al. tells: what was claimed, each task's cells, then the search."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.studies.published.jozefowicz_2015.claims import compared, write_claims
from gatework.studies.published.jozefowicz_2015.pictures import accuracies
from gatework.studies.published.jozefowicz_2015.search_report import write_search
from gatework.studies.report import Report
from gatework.studies.sources.characters import tag_limits
from gatework.studies.statistics import mean_interval
from gatework.studies.trials import Trials


def write_report(trials: Trials, report: Report) -> None:
    """All parts."""
    judged = trials.where(part="compare")
    _write_protocol(trials.where(part="rate"), report)
    if judged.good:
        write_claims(judged, report)
        report.picture("accuracy", accuracies(judged), "Accuracy on test streams, mean of the counted seeds and 95 %.")
    for (task,), group in judged.groups("task").items():
        report.heading(f"{task}: accuracy of the next character")
        report.text(*_remarks(task))
        failed = trials.where(part="rate", task=task).failed
        rows = [_row(task, cell, some, group, failed) for (cell,), some in group.groups("cell").items()]
        columns = ("cell", "ours", "better than GRU by (pairs)", "loss, nats", "rate", "units", "parameters", "s")
        report.table((*columns, "failed"), rows)
    write_search(trials.where(part="search"), judged, report)


def _write_protocol(rates: Trials, report: Report) -> None:
    tried = " and ".join(str(rate) for (rate,) in rates.groups("rate"))
    report.text(
        "The accuracy is the share of next characters that the network thinks likeliest: in arithmetic those of "
        "results, in XML and text all. *LSTM-f*, *-i* and *-o* lack a gate, *LSTM-b* starts with a forget bias of 1. "
        "*found* are the best of the search below, trained and judged anew as all others.",
        f"Of the rates {tried} each cell takes the one with the lower validation loss, with a seed that is not "
        "counted; the figures are those of other seeds on test streams that chose nothing. All "
        "cells have as nearly as may be the same number of parameters, and as many updates. The counted seeds are the "
        "same for all cells: differences are of pairs.",
        "Reduced against the source, for the sake of a budget of half an hour of one core: one layer of some 20,000 "
        "parameters, Adam, two rates and some hundred updates (there a search for hyperparameters for each cell, "
        "networks of millions of parameters, more than 10,000 cells in the search); numbers of up to two digits, tags "
        "nested two deep with names of two to four letters, Python's language reference, character by character, as "
        "the text; W x + b where MUT1 and MUT2 have the bare x: so MUT2 is a GRU with two biases in its reset gate. "
        "Absolute figures cannot be compared, orders can.",
        "The paper's tables could not be looked up, its abstract could: so there is no column of published "
        "accuracies; what the abstract says stands beside what is found here.",
    )


def _remarks(task: str) -> list[str]:
    if task != "XML":
        return []
    forgetful, perfect = tag_limits()
    return [
        f"Who knows the grammar but forgets all names is expected to reach {forgetful:.3f}, who remembers every open "
        f"name {perfect:.3f}; a cell at the former has learnt nothing that takes memory."
    ]


def _row(task: str, cell: str, trials: Trials, all_cells: Trials, failed: Trials) -> tuple[Any, ...]:
    good = trials.good
    return (
        cell,
        mean_interval(good.values(task)),
        compared(all_cells, task, cell, "GRU") if cell != "GRU" else "-",
        mean_interval(good.values(f"{task} loss")),
        str(trials[0]["rate"]),
        good[0]["hidden"] if good else None,
        good[0]["parameters"] if good else None,
        f"{np.mean([trial.seconds for trial in trials]):.1f}",
        len(trials.failed) + len(failed.where(cell=cell)),
    )
