"""A search through cells: the best are mutated, each candidate is compiled, trained and ranked.

Source: Jozefowicz, Zaremba and Sutskever 2015 (proceedings.mlr.press/v37/jozefowicz15), section 3; a candidate is
ranked by its worst task, as a share of what the GRU reaches there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatework.studies.published.jozefowicz_2015.expression_tree import Definitions
from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.mutations import mutate
from gatework.studies.trials import Settings, Trial, Trials

SEARCHED = ("arithmetic", "XML")
"""The tasks that rank; the third judges what was found without having had a say in it."""
FOUNDERS = ("GRU", "LSTM-b", "MUT1")
REFERENCE = "GRU"
RATE = 0.02
CHOOSING = 0
"""The seed by which cells and rates are chosen; it is not among those that are counted."""


@dataclass(frozen=True)
class SearchSize:
    """How much is searched.

    Attributes:
        generations: the first, of published cells and their mutations, among them.
        candidates: of a generation.
        parents: how many of the best so far are mutated.
        updates: of a candidate's training on each task.
        parameters: of a model, as near as its width allows.
        finalists: how many of the best new cells are compared with the published ones.
    """

    generations: int
    candidates: int
    parents: int
    updates: int
    parameters: int
    finalists: int


def plan_search(size: SearchSize, done: Trials) -> tuple[list[Settings], bool]:
    """All candidates that are known by now, and whether these are all and made."""
    wanted: list[Settings] = []
    seen: set[str] = set()
    for generation in range(size.generations):
        parents = [KNOWN[name] for name in FOUNDERS]
        if generation:
            order = distinct(ranked(_made(wanted, done)))
            if not order:
                return wanted, True  # without a reference nothing can be ranked
            parents = [trial.settings["definitions"] for trial, _ in order[: size.parents]]
        founders = [] if generation else parents
        wanted += [
            _candidate(definitions, size, generation)
            for definitions in _children(parents, founders, size.candidates, generation, seen)
        ]
        if len(_made(wanted, done)) < len(wanted):
            return wanted, False
    return wanted, True


def _made(wanted: list[Settings], done: Trials) -> Trials:
    return Trials([trial for trial in done if trial.settings in wanted])


def _children(
    parents: list[Definitions], founders: list[Definitions], count: int, generation: int, seen: set[str]
) -> list[Definitions]:
    """New cells: the founders, then mutations of parents that were not seen before."""
    random = np.random.default_rng([7, generation])
    children: list[Definitions] = []
    waiting = list(founders)
    while len(children) < count:
        child = waiting.pop(0) if waiting else mutate(parents[random.integers(len(parents))], random)
        if (key := json.dumps(child)) not in seen:
            seen.add(key)
            children.append(child)
    return children


def _candidate(definitions: Definitions, size: SearchSize, generation: int) -> Settings:
    return {
        "part": "search",
        "generation": generation,
        "definitions": as_json(definitions),
        "updates": size.updates,
        "parameters": size.parameters,
        "rate": RATE,
        "seed": CHOOSING,
        "judged_on": "validation",
    }


def as_json(definitions: Definitions) -> list[Any]:
    """Definitions as a trial's settings hold them."""
    return [[name, tree] for name, tree in definitions]


def ranked(trials: Trials) -> list[tuple[Trial, float]]:
    """Those that did not fail with their fitness, the best first; none where the GRU failed."""
    reference = trials.good.that(lambda trial: trial["definitions"] == as_json(KNOWN[REFERENCE]))
    if not reference:
        return []
    found = [
        (trial, min(trial[task] / max(np.mean(reference.values(task)), 1e-9) for task in SEARCHED))
        for trial in trials.good
    ]
    return sorted(found, key=lambda pair: -pair[1])


def distinct(order: list[tuple[Trial, float]]) -> list[tuple[Trial, float]]:
    """The first of each kind: cells that do the same, written in another way, have the same losses."""
    kinds: dict[tuple[float, ...], tuple[Trial, float]] = {}
    for trial, fitness in order:
        kinds.setdefault(tuple(round(trial[f"{task} loss"], 4) for task in SEARCHED), (trial, fitness))
    return list(kinds.values())


def finalists(size: SearchSize, candidates: Trials) -> dict[str, Definitions]:
    """The best cells that differ from the founders and each other, by the names that the report gives them."""
    published = [as_json(KNOWN[name]) for name in FOUNDERS]
    order = sorted(ranked(candidates), key=lambda pair: pair[0]["definitions"] not in published)
    kinds = distinct(order)  # founders first: what does the same as one is no find
    best = [trial["definitions"] for trial, _ in sorted(kinds, key=lambda pair: -pair[1])]
    new = [definitions for definitions in best if definitions not in published]
    return {f"found {place}": definitions for place, definitions in enumerate(new[: size.finalists], 1)}
