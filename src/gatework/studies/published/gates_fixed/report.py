"""The report of gates-fixed: how far outputs are apart, and whether networks whose gates stand still learn as well."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gatework.insight.figure import add_legend, new_figure
from gatework.studies.report import Report
from gatework.studies.selection import counted, said_of_rates, shown_rate
from gatework.studies.sources.coins import floors
from gatework.studies.statistics import Interval, difference_by_seed, mean_interval
from gatework.studies.trials import Trials

Tasks = Mapping[str, Mapping[str, Any]]


def tell_distances(trials: Trials, report: Report, inputs: str) -> None:
    """Outputs with the same weights, by bias of the gates and size of the weights."""
    report.text(
        "With i=1, f=0, o=1 an LSTM computes h = tanh(tanh(W x + U h + b)): an Elman network that squashes twice. "
        "Published: *almost* a standard recurrent network, but for a tanh that squashes the output once more (Britz). "
        "Gates can stand at 0 and 1 only in the limit of large biases; their W and U are 0 and are not trained.",
    )
    report.heading("Distance of outputs, the same W, U and b")
    report.text(
        f"Root mean square of the difference as a share of that of the second, over {inputs}. *Gain* multiplies W, U "
        "and b, which start as torch.nn's. At a bias of 20 the second tanh alone is left: beside an Elman network that "
        "squashes twice nothing remains but rounding.",
        "*Almost* holds where units are nearly linear. In one step a second tanh takes at most 1 - tanh(1) = 0.24 "
        "from a unit, but what it takes is fed back through U, and with large weights two networks that differ a "
        "little drift apart: a single difference beyond 0.24 comes from there.",
    )
    columns = ("gain", "bias", "sigmoid(-bias)", "from Elman", "largest single", "from Elman squashed twice")
    report.table(columns, [_apart_row(*item) for item in trials.groups("gain", "bias").items()], digits=4)
    caption = "Distance from the Elman network by bias of the gates."
    report.picture("distance", _distance_picture(trials), caption)


def tell_trainings(
    trials: Trials, report: Report, tasks: Tasks, networks: Sequence[str], rates: Sequence[float], how: str
) -> None:
    """Losses by task, each network at its rate, and their differences from the first network in pairs.

    Args:
        trials: all trainings, those that chose the rates among them.
        report: to be written to.
        tasks: their settings.
        networks: the first is what the others are compared with, the second is the one with fixed gates.
        rates: those that were tried.
        how: what else is to be said of the trainings.
    """
    used = counted(trials)
    for task, settings in tasks.items():
        group = used.where(task=task)
        report.heading(f"Trained: {task}, {settings['unit']}")
        updates = f"{group[0].settings['updates']:,} updates" if group else "updates"
        report.text(
            f"{_about(task)} Adam, {updates} of {settings['batch']} x {settings['window']} steps, {how}; of each "
            f"network {said_of_rates(rates)}."
        )
        columns = ("network", "width", "parameters", "trained", "rate", "held-out loss", "minus Elman, in pairs")
        rows = [_loss_row(network, networks[0], group, rates) for network in networks]
        report.table((*columns, "seconds", "failed"), rows, digits=4)
        elman, fixed = (group.where(network=network) for network in networks[:2])
        report.text(_judged(difference_by_seed(fixed, elman, "loss")))
    report.text("The trainings are short; of longer ones nothing is said.")
    report.picture("training", _training_picture(used, tasks), "Loss while training, mean of the seeds.")


def _judged(gap: Interval) -> str:
    """What the difference between fixed gates and an Elman network says."""
    if gap.count < 2:
        return "Whether fixed gates cost something: not measured with enough seeds."
    if gap.low > 0:
        return f"Here fixed gates, and so the second tanh, cost something: {gap:.4f}."
    if gap.high < 0:
        return f"Here a network with fixed gates learns better than an Elman network: {gap:.4f}."
    return (
        f"No difference between fixed gates and an Elman network is seen ({gap:.4f}): what the second tanh changes in "
        f"outputs with given weights, training makes up for, to within that interval of {gap.count} seeds."
    )


def _about(task: str) -> str:
    if task == "coins":
        return "Coins of binary-memory: {neither:.4f} knows nothing, {both:.4f} all.".format(**floors())
    return "The next character of Python's language reference, its last tenth held out."


def _apart_row(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    gain, bias = key
    shut = f"{1 / (1 + math.exp(bias)):.1e}"
    twice = group.values("from_twice")
    largest = max(group.values("largest"), default=math.nan)
    nearest = f"{max(twice):.1e}" if twice else None
    return (f"{gain:g}", f"{bias:g}", shut, mean_interval(group.values("from_elman")), largest, nearest)


def _loss_row(network: str, first: str, trials: Trials, rates: Sequence[float]) -> tuple[Any, ...]:
    group = trials.where(network=network)
    gap = "-" if network == first else difference_by_seed(group, trials.where(network=first), "loss")
    sizes = [int(group.good[0][name]) if group.good else None for name in ("width", "parameters", "trained")]
    rate = shown_rate(group[0]["rate"], rates) if group else None
    seconds = f"{mean_interval([trial.spent for trial in group]).mean:.0f}" if group else None
    return (network, *sizes, rate, mean_interval(group.values("loss")), gap, seconds, len(group.failed))


def _distance_picture(trials: Trials) -> Any:
    figure = new_figure(6, 3.6)
    axes = figure.subplots()
    for number, ((gain,), group) in enumerate(trials.good.groups("gain").items()):
        by_bias = group.groups("bias")
        for name, line in (("from_elman", "-"), ("from_twice", ":")):
            means = [np.mean(one.values(name)) for one in by_bias.values()]
            label = f"gain {gain:g}, from Elman" + (" squashed twice" if name == "from_twice" else "")
            axes.plot([bias for (bias,) in by_bias], means, line, marker="o", color=f"C{number}", label=label)
    axes.set(xlabel="bias of the gates", ylabel="share of the output", yscale="log")
    add_legend(axes, 7)
    return figure


def _training_picture(trials: Trials, tasks: Tasks) -> Any:
    figure = new_figure(9, 3.6)
    places = figure.subplots(1, len(tasks))
    for place, (task, settings) in zip(places, tasks.items(), strict=True):
        for (network,), group in trials.where(task=task).good.groups("network").items():
            mean = np.mean([trial["curve"] for trial in group], axis=0)
            place.plot(group[0]["every"] * np.arange(1, len(mean) + 1), mean, label=network, linewidth=1)
        place.set(title=task, xlabel="updates", ylabel=settings["unit"])
    add_legend(places[0])
    return figure
