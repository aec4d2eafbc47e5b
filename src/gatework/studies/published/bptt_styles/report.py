"""The report of bptt-styles: reach, cost and loss of both styles, and what was published of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gatework.insight.figure import add_legend, add_levels, new_figure
from gatework.studies.report import NOT_MEASURED, Report
from gatework.studies.selection import counted, said_of_rates, shown_rate
from gatework.studies.sources.coins import FAR, NEAR, floors
from gatework.studies.statistics import Interval, difference_by_seed, mean_interval
from gatework.studies.trials import Trials
from gatework.studies.windows import reaching

BESIDE, MOVING = "side by side", "by one step"
Groups = dict[tuple[Any, ...], Trials]
"""Trials by length and style."""


def tell(trials: Trials, report: Report, styles: Mapping[str, str], rates: Sequence[float], setting: str) -> None:
    """Write it.

    Args:
        trials: all, those that chose the rates among them.
        report: to be written to.
        styles: their names, and what each is.
        rates: those that were tried.
        setting: the network and the data, in words.
    """
    groups = counted(trials).groups("n", "style")
    steps = f"{trials[0].settings['steps']:,} steps, read once" if trials else "read once"
    report.text(
        "The coins of binary-memory: {neither:.6f} nats without either dependency, {near:.6f} with that of 3 "
        "steps, {both:.6f} with that of 8 too. In windows side by side the answer at place *p* of a window sends "
        "its error *p* steps back, so that of *n* answers only *n* - *k* reach *k* steps; in windows that move "
        "by one step each answer reaches *n* - 1, for *n* times the work.".format(**floors()),
        "Differs from the source, which has words of the Penn Treebank: coins, of which the floors are known; Adam; "
        f"{setting}; {steps}. Seconds are those of one processor core, without its waiting.",
        f"Of each length and style {said_of_rates(rates)}. A low rate can win because the network keeps the memory it "
        "was drawn with, and the moving windows make *n* times as many updates of the same coins at their rate. "
        "What is best on one seed may be close to what is not stable: a wide interval tells of a seed that fell out.",
        "A window too short for a dependency may still end below its floor: the state is carried on and remembers "
        "what no gradient taught it (see binary-memory). Following its gradients can cost some of that.",
    )
    report.heading("Reach, cost and loss")
    columns = ("n", "style", "errors that reach 3", "errors that reach 8", "work per coin", "rate", "updates")
    more = ("core seconds", "held-out loss", "loss - both", "parameters", "failed")
    report.table((*columns, *more), [_row(key, group, styles, rates) for key, group in groups.items()])
    report.heading("The same coins, in pairs")
    report.table(("n", "side by side - by one step, nats", "time of by one step / side by side"), _pairs(groups))
    report.picture("curves", _curves(groups), "Loss against what was read (left) and against time (right).")
    report.heading("What was published, and ours")
    report.table(("published (R2RT)", "ours"), _claims(groups))


def _row(key: tuple[Any, ...], group: Trials, styles: Mapping[str, str], rates: Sequence[float]) -> tuple[Any, ...]:
    n, style = key
    k1 = n if style == BESIDE else 1
    reach = [f"{reaching(lag, k1, n):.0%}" for lag in (NEAR, FAR)]
    loss, seconds = mean_interval(group.values("loss")), mean_interval(group.values("training_seconds"))
    updates, parameters = (int(group.good[0][name]) if group.good else None for name in ("updates", "parameters"))
    gap = f"{loss.mean - floors()['both']:+.4f}" if loss.count else None
    named = (n, f"{style} ({styles[style]})", *reach, n // k1, shown_rate(group[0]["rate"], rates))
    return (*named, updates, seconds, _four(loss), gap, parameters, len(group.failed))


def _four(interval: Interval) -> str | None:
    return format(interval, ".4f") if interval.count else None


def _pairs(groups: Groups) -> list[tuple[Any, ...]]:
    rows = []
    for n in dict.fromkeys(n for n, _ in groups):
        beside, moving = (groups.get((n, style), Trials([])) for style in (BESIDE, MOVING))
        slower = {trial["seed"]: trial["training_seconds"] for trial in moving.good}
        ratios = [slower[t["seed"]] / t["training_seconds"] for t in beside.good if t["seed"] in slower]
        loss, ratio = difference_by_seed(beside, moving, "loss"), mean_interval(ratios)
        rows.append((n, _four(loss), f"{ratio:.1f}" if ratio.count else None))
    return rows


def _claims(groups: Groups) -> list[tuple[str, str]]:
    """What the source concludes, beside the figures that speak to it."""

    def compared(one: tuple[int, str], other: tuple[int, str]) -> str:
        kinds = {key: groups.get(key, Trials([])) for key in (one, other)}
        losses = {key: _four(mean_interval(group.values("loss"))) for key, group in kinds.items()}
        shown = [f"n = {n} {style}: {loss or NOT_MEASURED}" for (n, style), loss in losses.items()]
        gap = _four(difference_by_seed(kinds[one], kinds[other], "loss"))
        return "; ".join([*shown, f"difference on the same coins: {gap or NOT_MEASURED}"])

    return [
        (
            "windows of n steps side by side do not send errors n steps back effectively",
            "with n = 9 one answer of nine reaches 8 steps. " + compared((9, BESIDE), (9, MOVING)),
        ),
        (
            "for dependencies of n steps, windows side by side may have to be appreciably longer",
            compared((9, BESIDE), (18, BESIDE)),
        ),
        (
            "a truncation that reaches equally far from each answer is most likely not worth implementing, for full "
            "backpropagation costs about as much and does slightly better",
            compared((18, BESIDE), (9, MOVING)) + ". For their times see above; full backpropagation is not measured",
        ),
    ]


def _curves(groups: Groups) -> Any:
    figure = new_figure(10, 4)
    places = figure.subplots(1, 2, sharey=True)
    lengths = list(dict.fromkeys(n for n, _ in groups))
    for (n, style), group in groups.items():
        look = {"color": f"C{lengths.index(n)}", "linestyle": "-" if style == BESIDE else "--", "linewidth": 1}
        for place, name in zip(places, ("steps_read", "seconds_spent"), strict=True):
            if group.good:
                across, mean = (np.mean([trial[what] for trial in group.good], axis=0) for what in (name, "curve"))
                place.plot(across, mean, label=f"n = {n} {style}", **look)
    for place, label in zip(places, ("steps read", "core seconds"), strict=True):
        place.set_xlabel(label)
        add_levels(place, floors())
    places[1].set_xscale("log")
    places[0].set_ylabel("cross-entropy, nats")
    add_legend(places[0], 7)
    return figure
