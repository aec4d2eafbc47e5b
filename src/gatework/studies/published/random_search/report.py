"""The report of random-search: the best loss by trainings for each way to search, and which settings mattered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from gatework.insight.figure import add_legend, new_figure
from gatework.studies.report import Report
from gatework.studies.search import Space, Tried, importances
from gatework.studies.statistics import Interval, mean_interval, paired_difference
from gatework.studies.trials import Trials

PUBLISHED = {
    "learning_rate": "matters most",
    "hidden_size": "second",
    "momentum": "hardly matters",
    "input_noise": "hurts",
}
"""What Greff et al. 2015 found, in words; the column of shares is ours."""
EARLY = 8
"""Trainings after which ways to search are compared too, before each has made all of its own."""

Courses = dict[str, dict[int, list[float]]]
"""By way to search and seed, the best loss so far after each training."""


def tell(trials: Trials, report: Report, space: Space, names: Mapping[str, str], grid_rate: float) -> None:
    """Write it.

    Args:
        trials: all searches.
        report: to be written to.
        space: what was searched.
        names: of the ways to search, as they are shown.
        grid_rate: the highest learning rate of the grid.
    """
    report.text(
        "Each training: an LSTM on the first characters of *Tiny Shakespeare*, Nesterov momentum, gradients "
        f"clipped at norm 1, a cosine schedule. Searched: {'; '.join(map(str, space))}. The sources searched other "
        "networks and data, with hundreds of trials; the second drew its momentum by a logarithm. The grid tries "
        "the values at a quarter and at three quarters of each range, in random order. Searches of one seed share "
        "the networks' random numbers; the estimator's first ten draws are those of the random search.",
    )
    _tell_losses(trials, report, names)
    drawn = trials.where(search="random").good
    report.text(_limits(drawn, space, grid_rate))
    _tell_importances(drawn, report, space)


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


def _tell_losses(trials: Trials, report: Report, names: Mapping[str, str]) -> None:
    report.heading("What is found")
    report.text(
        "*Published*: random draws find models as good or better than a grid's in a fraction of the trainings, for "
        "only few settings matter and a grid tries few values of each (Bergstra and Bengio). *Beside random* is the "
        "difference of the validation losses after as many trainings, seed by seed; below 0 is better than random.",
    )
    groups = {arm: group for (arm,), group in trials.groups("search").items()}
    courses = {arm: {t.settings["seed"]: best_so_far(t["points"]) for t in group.good} for arm, group in groups.items()}
    counts = sorted({EARLY, *(trial.settings["trainings"] for trial in trials)})
    rows = [
        _row(names[arm], arm, group, count, courses)
        for arm, group in groups.items()
        for count in counts
        if count <= group[0].settings["trainings"]
    ]
    columns = ("search", "trainings", "published", "ours: validation loss", "beside random", "its test loss", "updates")
    report.table((*columns, "ended early", "trainings failed", "seconds", "failed"), rows)
    report.picture("best", _picture(courses, names), "The best validation loss so far, means over seeds.")


def _row(name: str, arm: str, group: Trials, count: int, courses: Courses) -> tuple[Any, ...]:
    own = courses[arm]
    loss = mean_interval([course[count - 1] for course in own.values()])
    claim = {"grid": "worse than random", "random": "better than a grid"}.get(arm, "")
    shown = (name, count, claim, loss, _beside(own, courses.get("random", {}), count))
    if count < group[0].settings["trainings"]:
        return (*shown, "", "", "", "", "", "")
    numbers = [mean_interval(group.values(measured)) for measured in ("updates", "ended early", "failed")]
    told = [f"{number.mean:,.0f}" if number.count else None for number in numbers]
    seconds = f"{mean_interval([trial.spent for trial in group.good]).mean:.0f}" if group.good else None
    return (*shown, mean_interval(group.values("test")), *told, seconds, len(group.failed))


def _beside(own: dict[int, list[float]], other: dict[int, list[float]], count: int) -> Interval | str:
    if own is other:
        return ""
    seeds = [seed for seed in own if seed in other and len(other[seed]) >= count]
    return paired_difference([own[seed][count - 1] for seed in seeds], [other[seed][count - 1] for seed in seeds])


def _limits(drawn: Trials, space: Space, grid_rate: float) -> str:
    """What the comparison with the grid depends on: where its levels lie."""
    done = sorted((one for one in _points(drawn) if one.state == "done"), key=lambda one: one.rank)
    if not done:
        return "Where the best random draws lie: not measured."
    best = done[: max(1, len(done) // 10)]
    rates = sorted(one.values["learning_rate"] for one in best)
    above = sum(rate > grid_rate for rate in rates)
    highest = next(one.high for one in space if one.name == "learning_rate")
    return (
        f"How much worse the grid is depends on where its levels lie. Of the best tenth of the random draws "
        f"({len(best)}), {above} have a learning rate above the grid's higher one of {grid_rate:g}; their rates go "
        f"from {rates[0]:g} to {rates[-1]:g}, and the range ends at {highest:g}. A grid with a level there would have "
        "lost less; that one cannot know beforehand where to put few levels is the argument of the source, but the "
        "size of the difference is that of this range. Where the best rates lie at the end of the range, better ones "
        "may lie beyond it."
    )


def _tell_importances(drawn: Trials, report: Report, space: Space) -> None:
    from gatework.studies.search.pictures import draw_slices

    report.heading("What mattered")
    shares = [found for trial in drawn if (found := importances(_points(Trials([trial])), space, trial["seed"]))]
    pooled = importances(_points(drawn), space)
    if pooled is None:
        report.text("Not measured: too few trainings were done to tell.")
        return
    report.text(
        "Shares of the variance that each setting explains alone, by fANOVA (a random forest, Optuna's) over the "
        "random draws: of all seeds together, and the mean over single searches. They depend on how wide each range "
        "is: one in which most draws are bad explains most. *Published* is the second source's finding on JSB chorales "
        "and two other tasks, as those who cite it tell it.",
    )
    rows = [
        (name, PUBLISHED[name], share, mean_interval([one[name] for one in shares])) for name, share in pooled.items()
    ]
    report.table(("setting", "published", "ours: all draws", "ours: single searches"), rows)
    report.picture("settings", draw_slices(_points(drawn), space, "validation loss"), "All random draws.")


def _picture(courses: Courses, names: Mapping[str, str]) -> Any:
    figure = new_figure(6, 3.6)
    axes = figure.subplots()
    for arm, own in courses.items():
        means = [mean_interval(values).mean for values in zip(*own.values(), strict=True)]
        if means:
            style = "--" if arm == "tpe-pruned" else "-"  # it may lie upon the other
            axes.plot(range(1, len(means) + 1), means, style, label=names[arm], drawstyle="steps-post")
    axes.set(xlabel="trainings", ylabel="validation loss, nats a character")
    add_legend(axes)
    return figure
