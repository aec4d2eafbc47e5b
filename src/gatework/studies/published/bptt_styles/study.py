"""bptt-styles: windows that lie side by side against windows that move by one step; what each costs and reaches."""

from __future__ import annotations

import copy
import time
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from gatework.studies.networks import StepReader
from gatework.studies.report import Report
from gatework.studies.sizes import parameter_count
from gatework.studies.sources.coins import FAR, NEAR, coins, expected_loss, floors
from gatework.studies.statistics import mean_interval, paired_difference
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trial, Trials
from gatework.studies.windows import reaching, train_in_windows

BATCH, STATE, CURVE, HELD_OUT = 50, 16, 50, 4000
STYLES = {"side by side": "k1 = k2 = n", "by one step": "k1 = 1, k2 = n"}
LENGTHS = (4, 8, 9, 18)
RATES = (0.001, 0.003, 0.01, 0.03)


class BpttStyles(Study):
    """Two ways to cut a gradient off."""

    name = "bptt-styles"
    title = "Two styles of truncated backpropagation: what they cost and reach"
    question = (
        "On the same coins, what do windows of n steps side by side (k1 = k2 = n) learn, and what windows that move by "
        "one step (k1 = 1, k2 = n), of as many coins and in as much time?"
    )
    sources = (
        "R2RT, Styles of Truncated Backpropagation (2016), r2rt.com",
        "Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490",
    )

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """One seed at each rate; the other seeds at the rate that was best for a style and length."""
        base: Settings = {"steps": 800 if scope.quick else 4500}
        lengths = (4, 9) if scope.quick else LENGTHS
        rates = RATES[2:3] if scope.quick else RATES
        first, *others = scope.seed_range(1, 4)
        kinds: list[Settings] = [{**base, "style": style, "n": n} for n in lengths for style in STYLES]
        plan = [{**kind, "rate": rate, "seed": first} for kind in kinds for rate in rates]
        for kind in kinds:
            best = done.where(**kind, seed=first).best("loss")
            if best is not None:
                plan += [{**kind, "rate": best["rate"], "seed": seed} for seed in others]
        return plan

    def measure(self, settings: Settings) -> Measured:
        """Train on the coins of the seed, each read once; losses and seconds of the processor on the way."""
        n = settings["n"]
        k1 = n if settings["style"] == "side by side" else 1
        model = StepReader("elman", 1, STATE, 1)
        optimizer = torch.optim.Adam(model.parameters(), lr=settings["rate"])
        x, y, _ = coins(settings["steps"], BATCH, np.random.default_rng(settings["seed"]))
        loss = F.binary_cross_entropy_with_logits
        losses: list[float] = []
        clock: list[float] = []

        def note(value: float) -> None:
            losses.append(value)
            clock.append(time.process_time())

        twin = copy.deepcopy(model)  # has the kernels built before time is taken
        at_rest = torch.optim.SGD(twin.parameters(), lr=0.0)
        train_in_windows(twin, x[:n], y[:n], loss, at_rest, k1=k1, k2=n, each=lambda value: None)
        start = time.process_time()
        train_in_windows(model, x, y, loss, optimizer, k1=k1, k2=n, each=note)
        every = max(1, len(losses) // CURVE)
        blocks = [slice(i, i + every) for i in range(0, len(losses) - every + 1, every)]
        with torch.no_grad():
            shown = coins(HELD_OUT, BATCH, np.random.default_rng([settings["seed"], 1]))
            held_out = expected_loss(model(shown.x)[0][FAR:], shown.chance[FAR:])
        return {
            "loss": held_out,
            "parameters": parameter_count(model),
            "updates": len(losses),
            "training_seconds": clock[-1] - start,
            "curve": [float(np.mean(losses[block])) for block in blocks],
            "steps_read": [block.stop * k1 for block in blocks],
            "seconds_spent": [clock[block.stop - 1] - start for block in blocks],
        }

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Reach, cost and loss of each style and length; the curves; what was published."""
        best = _at_best_rate(trials)
        report.text(
            "The coins of binary-memory: {neither:.6f} nats without either dependency, {near:.6f} with that of 3 "
            "steps, {both:.6f} with that of 8 too. In windows side by side the answer at place *p* of a window sends "
            "its error *p* steps back, so that of *n* answers only *n* - *k* reach *k* steps; in windows that move "
            "by one step each answer reaches *n* - 1, for *n* times the work.".format(**floors()),
            "Differs from the source, which has words of the Penn Treebank: coins, of which the floors are known; Adam "
            "at the best of the rates "
            + ", ".join(map(str, RATES))
            + f"; an Elman network of {STATE}; seconds are those of one processor core, without its waiting; "
            f"{trials[0].settings['steps']:,} steps of {BATCH} streams, read once.",
        )
        report.text(
            "A window too short for a dependency may still end below its floor: the state is carried on and remembers "
            "what no gradient taught it (see binary-memory). Following its gradients can cost some of that."
        )
        report.heading("Reach, cost and loss")
        columns = ("n", "style", "errors that reach 3", "errors that reach 8", "work per coin", "rate", "updates")
        report.table(
            (*columns, "core seconds", "held-out loss", "loss - both", "failed"), [_row(*item) for item in best.items()]
        )
        report.heading("The same coins, in pairs")
        report.table(("n", "side by side - by one step, nats", "time of by one step / side by side"), _pairs(best))
        report.picture("curves", _curves(best), "Loss against what was read (left) and against time (right).")
        report.heading("What was published, and ours")
        report.table(("published (R2RT)", "ours"), _claims(best))


def _at_best_rate(trials: Trials) -> dict[tuple[Any, ...], Trials]:
    """The trials of each length and style at its best rate, all seeds."""
    found = {}
    for key, group in trials.groups("n", "style").items():
        rates = group.groups("rate")
        chosen = max(rates.values(), key=lambda one: (len(one), -mean_interval(one.values("loss") or [9.0]).mean))
        found[key] = chosen
    return found


def _row(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    n, style = key
    k1 = n if style == "side by side" else 1
    reach = [f"{reaching(lag, k1, n):.0%}" for lag in (NEAR, FAR)]
    loss = mean_interval(group.values("loss"))
    seconds = mean_interval(group.values("training_seconds"))
    gap = f"{loss.mean - floors()['both']:+.4f}"
    updates = int(group.values("updates")[0]) if group.good else None
    shown = f"{loss:.4f}"
    return (n, f"{style} ({STYLES[style]})", *reach, n // k1, str(group[0]["rate"]), updates, seconds, shown, gap,
            len(group.failed))  # fmt: skip


def _paired(
    best: dict[tuple[Any, ...], Trials], one: tuple[Any, ...], other: tuple[Any, ...]
) -> list[tuple[Trial, Trial]]:
    """The trials of two kinds that read the same coins."""
    seeds = {trial["seed"]: trial for trial in best[other].good}
    return [(trial, seeds[trial["seed"]]) for trial in best[one].good if trial["seed"] in seeds]


def _pairs(best: dict[tuple[Any, ...], Trials]) -> list[tuple[Any, ...]]:
    rows = []
    for n in dict.fromkeys(n for n, _ in best):
        pairs = _paired(best, (n, "side by side"), (n, "by one step"))
        losses = paired_difference([one["loss"] for one, _ in pairs], [other["loss"] for _, other in pairs])
        ratio = mean_interval([other["training_seconds"] / one["training_seconds"] for one, other in pairs])
        rows.append((n, f"{losses:.4f}", f"{ratio:.1f}"))
    return rows


def _claims(best: dict[tuple[Any, ...], Trials]) -> list[tuple[str, str]]:
    """What the source concludes, beside the figures that speak to it."""

    def loss(n: int, style: str) -> str:
        group = best.get((n, style))
        return f"{mean_interval(group.values('loss')):.4f}" if group else "not measured"

    return [
        (
            "windows of n steps side by side do not send errors n steps back effectively",
            f"n = 9, which one answer of nine lets reach 8 steps: {loss(9, 'side by side')} side by side, "
            f"{loss(9, 'by one step')} by one step",
        ),
        (
            "for dependencies of n steps, take windows side by side that are appreciably longer",
            f"side by side: {loss(9, 'side by side')} with n = 9, {loss(18, 'side by side')} with n = 18",
        ),
        (
            "a truncation that reaches equally far from each answer is most likely not worth implementing",
            f"n = 18 side by side, {loss(18, 'side by side')}; n = 9 by one step, {loss(9, 'by one step')}; for their "
            "times see above; full backpropagation, with which the source compares: not measured",
        ),
    ]


def _curves(best: dict[tuple[Any, ...], Trials]) -> Any:
    from gatework.insight.figure import new_figure

    figure = new_figure(10, 4)
    places = figure.subplots(1, 2, sharey=True)
    lengths = list(dict.fromkeys(n for n, _ in best))
    for (n, style), group in best.items():
        look = {"color": f"C{lengths.index(n)}", "linestyle": "-" if style == "side by side" else "--", "linewidth": 1}
        for place, name in zip(places, ("steps_read", "seconds_spent"), strict=True):
            if group.good:
                across, mean = (np.mean([trial[what] for trial in group.good], axis=0) for what in (name, "curve"))
                place.plot(across, mean, label=f"n = {n} {style}", **look)
    for place, label in zip(places, ("steps read", "core seconds"), strict=True):
        place.set_xlabel(label)
        for name, level in floors().items():
            place.axhline(level, color="grey", linewidth=0.8, linestyle=":")
            place.annotate(name, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
    places[1].set_xscale("log")
    places[0].set_ylabel("cross-entropy, nats")
    places[0].legend(fontsize=7)
    return figure


STUDY = BpttStyles()
