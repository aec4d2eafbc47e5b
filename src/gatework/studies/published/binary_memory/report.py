"""The report of binary-memory: losses beside the floors, and a memory that no gradient made."""

from __future__ import annotations

import math
from typing import Any

from gatework.studies.published.binary_memory.pictures import draw_curves, draw_memory
from gatework.studies.report import Report
from gatework.studies.selection import counted, said_of_rates, shown_rate
from gatework.studies.sources.coins import FAR, NEAR, floors
from gatework.studies.statistics import mean_interval
from gatework.studies.trials import Trials

WITHIN = 0.003
"""How near to a floor a loss is to come, in nats."""

Rates = dict[str, tuple[float, ...]]


def tell(trials: Trials, report: Report, sizes: tuple[int, ...], rates: Rates) -> None:
    """Write it.

    Args:
        trials: all, those that chose the rates among them.
        report: to be written to.
        sizes: of the state, the smaller first.
        rates: those that were tried of each optimizer; of Adagrad the source's alone.
    """
    report.text(
        "A model that learns neither dependency reaches {neither:.6f} nats, the near one alone {near:.6f}, both "
        "{both:.6f}.".format(**floors()),
        "A window of *n* steps carries the state on and cuts the gradient. Learnt from the position of the target, "
        "a dependency of *k* steps is seen within windows longer than *k*; the source expects 5 to learn the near "
        "one only and 10 both.",
        "Differs from the source: batches are separate streams of fresh coins; TensorFlow's initial values are not "
        "PyTorch's; the loss is what is expected on held-out coins, of which the chances are known.",
        "Adagrad has the source's rate of " + f"{rates['adagrad'][0]:g}. " + _said(rates),
    )
    used = counted(trials)
    trained = used.where(trained="all")
    report.picture("curves", draw_curves(trained.where(optimizer="adagrad"), sizes), "Loss while training, Adagrad.")
    report.heading("Held-out loss, nats")
    columns = ("optimizer", "rate", "window", "state", "published: learns", "published floor", "ours")
    kinds = trained.groups("optimizer", "rate", "window", "state")
    rows = [_row(key, group, rates) for key, group in kinds.items()]
    shown = ("mean - floor", "best seed", f"within {WITHIN}", "parameters", "seconds", "failed")
    report.table((*columns, *shown), rows, digits=4)
    report.text(_small_state(trained, sizes[0]))
    _explain(used, report, sizes)


def _said(rates: Rates) -> str:
    return "; ".join(f"{name}: {said_of_rates(tried)}" for name, tried in rates.items() if len(tried) > 1) + "."


def wanted(window: int) -> str:
    """What the source expects a window to learn."""
    return "neither" if window <= NEAR else "near" if window <= FAR else "both"


def _row(key: tuple[Any, ...], group: Trials, rates: Rates) -> tuple[Any, ...]:
    name, rate, window, size = key
    floor = floors()[wanted(window)]
    ours, least = mean_interval(group.values("loss")), min(group.values("loss"), default=math.nan)
    gap = ours.mean - floor
    near = ("yes" if abs(gap) <= WITHIN else "below" if gap < 0 else "no") if ours.count else None
    seconds = f"{mean_interval([trial.spent for trial in group]).mean:.0f}"
    parameters = int(group.good[0]["parameters"]) if group.good else None
    shown = (wanted(window), f"{floor:.6f}", ours, f"{gap:+.4f}" if ours.count else None, least, near)
    return (name, shown_rate(rate, rates[name]), window, size, *shown, parameters, seconds, len(group.failed))


def _small_state(trials: Trials, size: int) -> str:
    """How near the smaller state comes to both."""
    best = trials.where(state=size).best("loss")
    if best is None:
        return f"With a state of {size}: not measured."
    return (
        f"Both dependencies need the last eight coins in the state. The best training with a state of {size} "
        f"({best['optimizer']}, window {best['window']}) ended at {best['loss']:.4f}, "
        f"{best['loss'] - floors()['both']:+.4f} from *both*."
    )


def _explain(trials: Trials, report: Report, sizes: tuple[int, ...]) -> None:
    """Why windows that are too short do better than was expected."""
    report.heading("Where the expectation does not hold: a memory that no gradient made")
    report.text(
        "The floors bound what a *gradient* within the window can teach, not what the network can answer. Its state is "
        "carried on, and a recurrent layer that was never trained already mixes its last inputs into its state. The "
        "output layer needs no gradient through time to read them there. *Readout only* leaves the recurrent layer as "
        "it was drawn and trains the output layer alone. The picture asks the states directly: how often a linear map "
        "of them tells the coin of *k* steps ago (half of the time by guessing).",
        _below(trials, sizes),
    )
    columns = ("state", "trained", "window", "published floor", "ours", f"coin {NEAR} ago told", f"coin {FAR} ago told")
    report.table(columns, [row for size in sizes for row in _remembering(trials, size)], digits=4)
    caption = f"What a linear map can tell from the state; dotted: {NEAR} and {FAR} steps."
    report.picture("memory", draw_memory(trials, sizes), caption)


def _below(trials: Trials, sizes: tuple[int, ...]) -> str:
    """How the loss of an output layer alone compares with that of knowing nothing."""
    losses = {size: mean_interval(trials.where(trained="readout", state=size).values("loss")) for size in sizes}
    if not all(loss.count for loss in losses.values()):
        return "Readout only: not measured."
    floor = floors()["neither"]
    told = " and ".join(f"{floor - loss.mean:.4f} nats with a state of {size}" for size, loss in losses.items())
    if all(loss.mean < floor for loss in losses.values()):
        return f"*Readout only* ends below *neither*, by {told}: that much no gradient through time taught."
    return f"*Readout only* does not always end below *neither*: by {told} (below 0 is above it)."


def _remembering(trials: Trials, size: int) -> list[tuple[Any, ...]]:
    short = trials.where(trained="all", optimizer="adagrad", state=size)
    groups: list[tuple[str, int | None, Trials]] = [("readout only", None, trials.where(trained="readout", state=size))]
    groups += [("everything", window, short.where(window=window)) for window in (1, 5)]
    rows = []
    for label, window, group in groups:
        share = [mean_interval([trial["memory"][lag] for trial in group.good]).mean for lag in (NEAR, FAR)]
        expected = floors()["neither" if window is None else wanted(window)]
        rows.append((size, label, window or "-", f"{expected:.6f}", mean_interval(group.values("loss")), *share))
    return rows
