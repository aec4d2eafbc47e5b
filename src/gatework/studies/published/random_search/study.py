"""random-search: how soon a grid, random draws and proposals find good settings, and which of them matter."""

from __future__ import annotations

import itertools
import math
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gatework.errors import GateworkError
from gatework.studies.published.random_search.searched_language import SearchedLanguage
from gatework.studies.report import Report
from gatework.studies.search import Dimension, Judge, Search, Space, Tried, importances
from gatework.studies.search.space import Values
from gatework.studies.statistics import Interval, mean_interval, paired_difference
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
PUBLISHED = {
    "learning_rate": "matters most",
    "hidden_size": "second",
    "momentum": "hardly matters",
    "input_noise": "hurts",
}
"""What Greff et al. 2015 found, in words; the column of shares is ours."""
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
        report.text(
            "Each training: an LSTM on the first characters of *Tiny Shakespeare*, Nesterov momentum, gradients "
            f"clipped at norm 1, a cosine schedule. Searched: {'; '.join(map(str, SPACE))}. The sources searched other "
            "networks and data, with hundreds of trials; the second drew its momentum by a logarithm. The grid tries "
            "the values at a quarter and at three quarters of each range, in random order. Searches of one seed share "
            "the networks' random numbers; the estimator's first ten draws are those of the random search.",
        )
        _tell_losses(trials, report)
        _tell_importances(trials.where(search="random").good, report)


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


def _points(trials: Trials) -> list[Tried]:
    """All trainings of some searches."""
    points = [point for trial in trials for point in trial["points"]]
    return [
        Tried(
            number, p["values"], math.nan if p["rank"] is None else p["rank"], p["state"], 0.0, {}, "", p["drawn"], []
        )
        for number, p in enumerate(points, 1)
    ]


def best_so_far(points: Sequence[dict[str, Any]]) -> list[float]:
    """The lowest loss of the trainings that were done, after each; infinite where there is none yet."""
    done = [point["rank"] if point["state"] == "done" else math.inf for point in points]
    return list(itertools.accumulate(done, min))


def _tell_losses(trials: Trials, report: Report) -> None:
    report.heading("What is found")
    report.text(
        "*Published*: random draws find models as good or better than a grid's in a fraction of the trainings, for "
        "only few settings matter and a grid tries few values of each (Bergstra and Bengio). *Beside random* is the "
        "difference of the validation losses after as many trainings, seed by seed; below 0 is better than random.",
    )
    courses = {
        trial.settings["search"]: {t.settings["seed"]: best_so_far(t["points"]) for t in group.good}
        for group in trials.groups("search").values()
        for trial in group[:1]
    }
    counts = sorted({8, *(trial.settings["trainings"] for trial in trials)})
    rows = []
    for (arm,), group in trials.groups("search").items():
        for count in (n for n in counts if n <= group[0].settings["trainings"]):
            own = courses[arm]
            loss = mean_interval([course[count - 1] for course in own.values()])
            last = count == group[0].settings["trainings"]
            made = [
                mean_interval(group.values(name)) if last else ""
                for name in ("test", "updates", "ended early", "failed")
            ]
            claim = {"grid": "worse than random", "random": "better than a grid"}.get(arm, "")
            seconds = mean_interval([trial.seconds for trial in group.good]).mean if last else ""
            rows.append(
                (NAMES[arm], count, claim, loss, _beside(own, courses.get("random", {}), count), *made, seconds)
            )
    columns = ("search", "trainings", "published", "ours: validation loss", "beside random", "its test loss", "updates")
    report.table((*columns, "ended early", "trainings failed", "seconds"), rows)
    report.picture("best", _picture(courses), "The best validation loss so far, means over seeds.")


def _beside(own: dict[int, list[float]], other: dict[int, list[float]], count: int) -> Interval | str:
    if own is other:
        return ""
    seeds = [seed for seed in own if seed in other and len(other[seed]) >= count]
    return paired_difference([own[seed][count - 1] for seed in seeds], [other[seed][count - 1] for seed in seeds])


def _tell_importances(drawn: Trials, report: Report) -> None:
    from gatework.studies.search.pictures import draw_slices

    report.heading("What mattered")
    shares = [found for trial in drawn if (found := importances(_points(Trials([trial])), SPACE, trial["seed"]))]
    pooled = importances(_points(drawn), SPACE)
    if pooled is None:
        report.text("Too few trainings were done to tell.")
        return
    report.text(
        "Shares of the variance that each setting explains alone, by fANOVA (a random forest, Optuna's) over the "
        "random draws: of all seeds together, and the mean over single searches. *Published* is the second source's "
        "finding on JSB chorales and two other tasks, as those who cite it tell it.",
    )
    rows = [
        (name, PUBLISHED[name], share, mean_interval([one[name] for one in shares])) for name, share in pooled.items()
    ]
    report.table(("setting", "published", "ours: all draws", "ours: single searches"), rows)
    report.picture("settings", draw_slices(_points(drawn), SPACE, "validation loss"), "All random draws.")


def _picture(courses: dict[str, dict[int, list[float]]]) -> Any:
    from gatework.insight.figure import new_figure

    figure = new_figure(6, 3.6)
    axes = figure.subplots()
    for arm, own in courses.items():
        means = [mean_interval(values).mean for values in zip(*own.values(), strict=True)]
        style = "--" if arm == "tpe-pruned" else "-"  # it may lie upon the other
        axes.plot(range(1, len(means) + 1), means, style, label=NAMES[arm], drawstyle="steps-post")
    axes.set(xlabel="trainings", ylabel="validation loss, nats a character")
    axes.legend(fontsize=8)
    return figure


STUDY = RandomSearch()
