"""What the report says of the search: cells per hour, the best found and their equations."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gatework.studies.published.jozefowicz_2015.expression_tree import text_of
from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.pictures import generations
from gatework.studies.published.jozefowicz_2015.search import FOUNDERS, SEARCHED, as_json, distinct, ranked
from gatework.studies.report import Report
from gatework.studies.trials import Trials

SHOWN = 8


def write_search(trials: Trials, judged: Trials, report: Report) -> None:
    """What the search found, what failed, and cells per hour."""
    if not trials:
        return
    report.heading("The search")
    report.text(
        _speed(trials),
        _failures(trials),
        "A candidate's fitness is the lower of its two accuracies, each divided by the GRU's: on validation streams, "
        "with one seed. The best of so many is too good by its selection; that is why the *found* cells are judged "
        "anew above, on a task, too, that had no say in the search. Cells that do the same in another writing are "
        "shown once.",
    )
    order = distinct(ranked(trials))
    if not order:
        return
    report.picture("search", generations(trials), "Fitness of the candidates of each generation.")
    names = _names(judged)
    rows = [
        (_name(trial["definitions"], names), trial["generation"], fitness, *(trial[task] for task in SEARCHED))
        for trial, fitness in order[:SHOWN]
    ]
    report.table(("cell", "generation", "fitness", *SEARCHED), rows)
    for name, definitions in names.items():
        report.text(f"The equations of *{name}*, old states being h_old and c_old, each W, U and b its own:")
        report.text("```\n" + equations(definitions) + "\n```")


def _speed(trials: Trials) -> str:
    wall, compiling = sum(trial.seconds for trial in trials), sum(trials.values("compile_seconds"))
    processor, good = sum(trials.values("processor_seconds")), len(trials.good)
    return (
        f"{len(trials)} cells were compiled, trained on {' and '.join(SEARCHED)} ({trials[0]['updates']} updates each) "
        f"and judged, with one thread. In wall time it took {wall:,.0f} seconds, "
        f"**{_an_hour(len(trials), wall)} cells an hour**, beside whatever else ran on the machine; in processor time, "
        f"that of compilers included, the {good} that did not fail took {processor:,.0f} seconds, "
        f"**{_an_hour(good, processor)} cells an hour** of one core. Compiling is {compiling:,.0f} seconds of the wall "
        "time; a kernel that was built before is found again."
    )


def _an_hour(count: int, seconds: float) -> str:
    return f"{3600 * count / seconds:,.0f}" if seconds else "no"


def _failures(trials: Trials) -> str:
    kinds = Counter(trial.error.split(":")[0] for trial in trials.failed)
    return (
        f"Failed: {', '.join(f'{count} by {kind}' for kind, count in kinds.items()) or 'none'}. *EngineError*: the "
        "cell cannot be compiled; *DivergedError*: its loss became infinite or no number."
    )


def _names(judged: Trials) -> dict[str, list[Any]]:
    return {cell: some[0]["definitions"] for (cell,), some in judged.groups("cell").items() if cell not in KNOWN}


def _name(definitions: list[Any], names: dict[str, list[Any]]) -> str:
    """The name of a published cell, or of one that was judged anew, or its equations."""
    known = {**{name: as_json(KNOWN[name]) for name in FOUNDERS}, **names}
    for name, same in known.items():
        if same == definitions:
            return name
    return equations(definitions).replace("\n", "; ")


def equations(definitions: list[Any]) -> str:
    """One line for each definition."""
    return "\n".join(f"{name} = {text_of(tree)}" for name, tree in definitions)
