"""A search through cells: the best are mutated, each candidate is compiled, trained and ranked.

Source: Jozefowicz, Zaremba and Sutskever 2015 (proceedings.mlr.press/v37/jozefowicz15), section 3; a candidate is
ranked by its worst task, as a share of what the GRU reaches there.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import numpy as np
import torch

from gatework.studies.published.jozefowicz_2015.expression_tree import Definitions, TreeCell
from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.mutations import mutate
from gatework.studies.published.jozefowicz_2015.next_character import CharacterReader, accuracy, learn_characters
from gatework.studies.sizes import equal_size, parameter_count
from gatework.studies.sources.characters import alphabet
from gatework.studies.trials import Measured, Settings, Trial, Trials

TASKS = ("arithmetic", "XML")
FOUNDERS = ("GRU", "LSTM-b", "MUT1")
REFERENCE = "GRU"


@dataclass(frozen=True)
class SearchSize:
    """How much is searched.

    Attributes:
        generations: the first, of published cells and their mutations, among them.
        candidates: of a generation.
        parents: how many of the best so far are mutated.
        updates: of a candidate's training on each task.
        parameters: of a model, as near as its width allows.
        finalists: how many of the best new cells are measured again, beside the published ones.
        final_updates: of these.
    """

    generations: int
    candidates: int
    parents: int
    updates: int
    parameters: int
    finalists: int
    final_updates: int


def plan_search(size: SearchSize, seeds: range, done: Trials) -> list[Settings]:
    """All candidates that are known by now, then the finalists once all generations are made."""
    wanted: list[Settings] = []
    seen: set[str] = set()
    for generation in range(size.generations):
        parents = [KNOWN[name] for name in FOUNDERS]
        if generation:
            made = Trials([trial for trial in done if trial.settings in wanted])
            if len(made) < len(wanted) or not ranked(made):
                return wanted
            parents = [trial.settings["definitions"] for trial, _ in ranked(made)[: size.parents]]
        founders = [] if generation else parents
        children = _children(parents, founders, size.candidates, generation, seen)
        wanted += [_candidate(definitions, size, generation) for definitions in children]
    made = Trials([trial for trial in done if trial.settings in wanted])
    return wanted + (_finals(size, seeds, made) if len(made) == len(wanted) else [])


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
        "definitions": [[name, tree] for name, tree in definitions],
        "updates": size.updates,
        "parameters": size.parameters,
        "rate": 0.01,
        "seed": 1,
    }


def _finals(size: SearchSize, seeds: range, made: Trials) -> list[Settings]:
    """The best new cells and the published ones with more updates and other seeds than those that chose them."""
    published = {json.dumps([[name, tree] for name, tree in KNOWN[one]]): one for one in FOUNDERS}
    best = [trial.settings["definitions"] for trial, _ in ranked(made)]
    new = [definitions for definitions in best if json.dumps(definitions) not in published]
    chosen = [*map(json.loads, published), *new[: size.finalists]]
    base = {"part": "final", "updates": size.final_updates, "parameters": size.parameters, "rate": 0.01}
    return [{**base, "definitions": definitions, "seed": 100 + seed} for definitions in chosen for seed in seeds]


def ranked(trials: Trials) -> list[tuple[Trial, float]]:
    """Those that did not fail with their fitness, the best first; none where the GRU failed."""
    wanted = [[name, tree] for name, tree in KNOWN[REFERENCE]]
    reference = trials.good.that(lambda trial: trial["definitions"] == wanted)
    if not reference:
        return []
    found = [
        (trial, min(trial[task] / max(np.mean(reference.values(task)), 1e-9) for task in TASKS))
        for trial in trials.good
    ]
    return sorted(found, key=lambda pair: -pair[1])


def measure_cell(definitions: Definitions, tasks: tuple[str, ...], settings: Settings) -> Measured:
    """Compile, train and judge a cell on each task: accuracies, losses, and the seconds that compiling took.

    Raises:
        EngineError: it cannot be compiled.
        DivergedError: its loss is no finite number.
    """
    measured: Measured = {"compile_seconds": 0.0}
    for task in tasks:
        torch.manual_seed(settings["seed"])
        symbols = len(alphabet(task))

        def make(hidden: int, symbols: int = symbols) -> CharacterReader:
            return CharacterReader(TreeCell(symbols, hidden, definitions=definitions))

        model = make(equal_size(make, settings["parameters"]))
        measured["compile_seconds"] += compile_seconds(model)
        learn_characters(model, task, settings["updates"], settings["rate"], settings["seed"])
        measured[task], measured[f"{task} loss"] = accuracy(model, task, settings["seed"])
        measured["parameters"] = parameter_count(model)
    return measured


def compile_seconds(model: CharacterReader) -> float:
    """How long a first step forward and backward takes, in which the kernel is built or found."""
    start = time.perf_counter()
    model(torch.zeros(2, 1, dtype=torch.long))[0].sum().backward()
    model.zero_grad()
    return time.perf_counter() - start
