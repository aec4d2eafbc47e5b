"""The report of vanishing-gradient: factors per step beside their bounds, what training opens, what clipping does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gatework.studies.published.vanishing_gradient.gradient_flow import factor_per_step
from gatework.studies.published.vanishing_gradient.pictures import clipping_picture, lags_picture
from gatework.studies.report import Report
from gatework.studies.selection import counted, said_of_rates, shown_rate
from gatework.studies.statistics import mean_interval
from gatework.studies.trials import Trials

Slopes = Mapping[str, float | None]
"""Of each network the largest slope of its activation function; None of those with gates."""


def tell(
    trials: Trials, report: Report, scales: Sequence[float], rates: Sequence[float], steepest: Slopes, clip: float
) -> None:
    """Write it.

    Args:
        trials: all, those that chose the rates among them.
        report: to be written to.
        scales: at which recurrent weights were started.
        rates: those that were tried of Adam.
        steepest: the networks, and what bounds their factor.
        clip: the norm at which gradients were clipped.
    """
    used = counted(trials)
    flow, clipping = used.where(part="flow"), used.where(part="clipping")
    report.text(
        "Each step back multiplies an error by the derivative of a state by the one before. What stays below 1 "
        "vanishes as its power, what stays above explodes. The curves show |dL/ds| at *k* steps before the last as "
        "a share of that at the last, *s* being all states together (h, and c where there is one), the median of the "
        "seeds. U starts orthogonal times the scale in every gate (the identity times the scale in an IRNN).",
    )
    report.picture("gradients", lags_picture(flow, scales), "What is left of an error k steps before it was made.")
    _tell_before(flow, report, steepest)
    _tell_after(flow, report, rates, clip)
    _tell_clipping(clipping, report, clip)


def _tell_before(flow: Trials, report: Report, steepest: Slopes) -> None:
    report.heading("Before training: the factor per step")
    report.text(
        "Published: without gates the factor is at most the largest slope of the activation function times the "
        "largest singular value of U, here slope times scale (Pascanu et al.); only where this exceeds 1 can an "
        "error explode. A rectified linear unit that is shut passes nothing: an IRNN of scale 0.5 can have "
        "all of them shut. With gates there is no such bound. The LSTM's c is multiplied by the forget gate, which "
        "keeps an error whole where it is 1 (Hochreiter and Schmidhuber); as drawn it is near sigmoid(1) = 0.73, "
        "with the paths through h beside it, and what the GRU keeps is near 0.5.",
        _gated(flow, [cell for cell, slope in steepest.items() if slope is None]),
    )
    columns = ("network", "scale", "published: at most", "ours, all states", "ours, h alone", "bound holds")
    rows = [_before(key, group, steepest[key[0]]) for key, group in flow.groups("cell", "scale").items()]
    report.table(columns, rows)


def _gated(flow: Trials, cells: Sequence[str]) -> str:
    """Whether networks with gates lose errors before they are trained."""
    kinds = [group for (cell, _), group in flow.groups("cell", "scale").items() if cell in cells]
    factors = [found for group in kinds if (found := _factors(group, "before", "all"))]
    if not factors:
        return "Networks with gates: not measured."
    below = sum(max(found) < 1 for found in factors)
    return (
        f"**As drawn, networks with gates lose the error too** in {below} of {len(factors)} kinds (cells by scales) at "
        "every seed, though most by less: it is training that opens the way, where it finds it."
    )


def _tell_after(flow: Trials, report: Report, rates: Sequence[float], clip: float) -> None:
    report.heading("After training to recall a marked sign")
    report.text(
        "A sequence of signs, one of them marked at a random place; at its end the network names it. *Recalled* "
        f"is measured with the mark at the first step, where 0.5 is a guess. Adam, norm clipped at {clip:g}; of each "
        f"network and scale {said_of_rates(rates)}. Intervals of few seeds are wide, and those of shares may leave "
        "[0, 1]: seeds that learn and seeds that do not lie side by side."
    )
    measured = ("factor before", "factor after", "left at the first step", "recalled", "loss", "diverged")
    rows = [_after(key, group, rates) for key, group in flow.groups("cell", "scale").items()]
    report.table(("network", "scale", "rate", *measured, "parameters", "seconds", "failed"), rows)


def _tell_clipping(clipping: Trials, report: Report, clip: float) -> None:
    report.heading(f"The exploding case, and what clipping at {clip:g} does")
    report.text(
        "SGD, which follows a gradient's length as Adam does not, where gradients explode. The scales and rates were "
        "set by hand, so that a step along a gradient that is not clipped does harm; they say nothing of how well "
        "these networks could learn. Clipping bounds the step that one steep place can cause and leaves the direction; "
        "the norms are those before clipping. A step that is not clipped need not end in numbers that are not finite: "
        "it may also leave units saturated or shut, where the gradient is small and the loss stays at that of a guess, "
        "0.693. Clipping carries no error further back: what has vanished stays vanished, and that a training goes on "
        "does not say that it learns.",
    )
    reached = ("largest norm", "updates clipped", "loss", "recalled", "diverged", "failed")
    keys = ("cell", "scale", "rate", "clip")
    report.table(
        ("network", "scale", "rate", "clipped at", *reached),
        [_clipped(key, group) for key, group in clipping.groups(*keys).items()],
    )
    caption = "Gradient (left) and loss (right), first seed that did not fail; x: diverged."
    report.picture("clipping", clipping_picture(clipping, clip), caption)


def _factors(group: Trials, when: str, state: str) -> list[float]:
    """The factor per step of each trial that has one."""
    known = [trial[when][state] for trial in group.good if None not in trial[when][state]]
    return [factor_per_step(norms, len(norms) - 1) for norms in known if norms[0]]


def _before(key: tuple[Any, ...], group: Trials, slope: float | None) -> tuple[Any, ...]:
    cell, scale = key
    bound = None if slope is None else slope * scale
    every, hidden = _factors(group, "before", "all"), _factors(group, "before", "h")
    published = bound if bound is not None else "1 along c, if f = 1" if cell == "LSTM" else "-"
    holds = "-" if bound is None else max(every) <= bound * (1 + 1e-6) if every else None
    return (cell, str(scale), published, mean_interval(every), mean_interval(hidden), holds)


def _after(key: tuple[Any, ...], group: Trials, rates: Sequence[float]) -> tuple[Any, ...]:
    cell, scale = key
    factors = [mean_interval(_factors(group, when, "all")) for when in ("before", "after")]
    left = [trial["after"]["all"] for trial in group.good]
    left = [one[-1] / one[0] for one in left if None not in one and one[0]]
    shown = f"{np.median(left):.1e}" if left else None
    reached = (mean_interval(group.values("recalled")), mean_interval(group.values("loss")))
    diverged = f"{sum(trial['diverged'] for trial in group.good)} of {len(group)}"
    seconds = f"{mean_interval([trial.spent for trial in group]).mean:.0f}"
    parameters = int(group.good[0]["parameters"]) if group.good else None
    named = (cell, str(scale), shown_rate(group[0]["rate"], rates))
    return (*named, *factors, shown, *reached, diverged, parameters, seconds, len(group.failed))


def _clipped(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    cell, scale, rate, clip = key
    steepest, losses = group.values("steepest"), group.values("loss")
    share = "-" if clip is None else mean_interval(group.values("clipped"))
    diverged = f"{sum(trial['diverged'] for trial in group.good)} of {len(group)}"
    named = (cell, str(scale), str(rate), "-" if clip is None else str(clip))
    shown = (f"{max(steepest):.1e}" if steepest else None, share, f"{np.median(losses):.3g}" if losses else None)
    return (*named, *shown, mean_interval(group.values("recalled")), diverged, len(group.failed))
