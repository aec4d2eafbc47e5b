"""What random-search asks, and what one of its trials measures: a whole search."""

from __future__ import annotations

import itertools
import math
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatework.errors import GateworkError
from gatework.studies.published.random_search.report import tell
from gatework.studies.published.random_search.searched_language import SearchedLanguage
from gatework.studies.report import Report
from gatework.studies.search import Dimension, Judge, Search, Space, Tried
from gatework.studies.search.space import Values
from gatework.studies.study import Scope, Study, data_folder
from gatework.studies.trials import Measured, Settings, Trials

SPACE = Space(
    [
        Dimension("learning_rate", "training", 0.003, 10.0, log=True),
        Dimension("hidden_size", "model", 8, 96, log=True, whole=True),
        Dimension("momentum", "training", 0.0, 0.99),
        Dimension("input_noise", "model", 0.0, 1.0),
    ]
)
LEVELS = (0.25, 0.75)
"""Where the values of the grid lie, as shares of each range."""
TEXT = "tinyshakespeare.txt"
ARMS = ("grid", "random", "tpe", "tpe-pruned")
NAMES = {"grid": "grid, 2 x 2 x 2 x 2", "random": "random", "tpe": "TPE", "tpe-pruned": "TPE, ended early"}


class RandomSearch(Study):
    """Whole searches, several times each."""

    name = "random-search"
    title = "Random search: how soon it finds good settings, and which matter"
    question = (
        "With the same number of trainings of a small LSTM on a text, what do a grid, random draws and a "
        "tree-structured Parzen estimator find, and which settings explain the losses?"
    )
    sources = (
        "Bergstra and Bengio, Random search for hyper-parameter optimization (2012), JMLR 13, 281-305",
        "Greff et al., LSTM: a search space odyssey (2015), arXiv:1503.04069",
    )
    needs_data = True

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Each way to search, with several seeds."""
        base: Settings = {"cell": "lstm", "characters": 20000 if scope.quick else 60000}
        size = {"updates": 40 if scope.quick else 120, "trainings": 16 if scope.quick else 32}
        return [
            {**base, **size, "search": arm} | ({"trainings": len(_grid())} if arm == "grid" else {}) | {"seed": seed}
            for seed in scope.seed_range(1, 5)
            for arm in ARMS
        ]

    def measure(self, settings: Settings) -> Measured:
        """One search: its trainings, the best loss, and how that one does on characters that chose nothing."""
        with tempfile.TemporaryDirectory() as place:
            training = SearchedLanguage(SPACE, settings, data_folder() / TEXT, Path(place))
            if settings["search"] == "grid":
                tried = _searched_grid(training, settings)
            else:
                sampler = "random" if settings["search"] == "random" else "tpe"
                prune = settings["search"].endswith("pruned")
                search = Search(SPACE, seed=settings["seed"], sampler=sampler, prune=prune)  # type: ignore[arg-type]
                for _ in range(settings["trainings"]):
                    search.make(search.propose(), training)
                tried = search.tried()
        done = [one for one in tried if one.state == "done"]
        best = min(done, key=lambda one: one.rank)
        return {
            "loss": best.rank,
            **best.measured,
            "updates": training.updates,
            "failed": sum(one.state == "failed" for one in tried),
            "ended early": sum(one.state == "pruned" for one in tried),
            **{name: value for name, value in best.values.items() if name not in settings},
            "points": [_point(one) for one in tried],
        }

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """The best loss by trainings, then what mattered."""
        tell(trials, report, SPACE, NAMES, max(one["learning_rate"] for one in _grid()))


def _grid() -> list[Values]:
    return [
        dict(zip([one.name for one in SPACE], point, strict=True))
        for point in itertools.product(*([one.at(level) for level in LEVELS] for one in SPACE))
    ]


def _searched_grid(
    training: Callable[[Values, Judge], tuple[float, dict[str, Any]]], settings: Settings
) -> list[Tried]:
    """All points of the grid, in random order."""
    points = _grid()
    random.Random(settings["seed"]).shuffle(points)
    tried = []
    for number, values in enumerate(points[: settings["trainings"]], 1):
        try:
            rank, measured = training(values, lambda rank: None)
            tried.append(Tried(number, values, rank, "done", 0.0, measured, "", values, []))
        except GateworkError as error:
            tried.append(Tried(number, values, math.nan, "failed", 0.0, {}, error.cause, values, []))
    return tried


def _point(one: Tried) -> dict[str, Any]:
    rank = one.rank if math.isfinite(one.rank) else None
    return {"values": one.values, "drawn": one.drawn, "rank": rank, "state": one.state}


STUDY = RandomSearch()
