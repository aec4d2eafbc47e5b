"""What a comparison found, in plain sentences made of its figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gatework.studies.comparison.summary import ArmSummary, loss_after
from gatework.studies.statistics import Interval, difference_by_seed, mean_interval
from gatework.studies.trials import Trials

NEAR = 0.03
"""Models whose numbers of parameters differ by a larger share than this are not called equal."""


def digits(value: float) -> int:
    """Digits after the point so that four or five are shown in all."""
    return 3 if not value or not math.isfinite(value) else min(4, max(0, 3 - math.floor(math.log10(abs(value)))))


def shown(one: Interval, like: float | None = None) -> str:
    """A mean with its interval, in the digits that a value of the size of ``like`` needs."""
    return "-" if not one.count else format(one, f".{digits(one.mean if like is None else like)}f")


def ordered(summary: Sequence[ArmSummary], figure: str, highest: bool) -> list[ArmSummary]:
    """The arms that were measured, the best first."""
    known = [arm for arm in summary if figure in arm.figures and arm.figures[figure].count]
    return sorted(known, key=lambda arm: arm.figures[figure].mean, reverse=highest)


def about_quality(
    summary: Sequence[ArmSummary], groups: Mapping[str, Trials], figure: str, highest: bool, part: str
) -> str:
    """Which arm is best, and whether each other one can be told apart from it, seed by seed."""
    best, *others = ordered(summary, figure, highest)
    head = f"Best by {figure.replace('_', ' ')} on the {part} part: **{best.name}**, {shown(best.figures[figure])}."
    if not others:
        return head
    said = "; ".join(_beside(best, other, groups, figure, highest) for other in others)
    if best.figures[figure].count < 2:
        return f"{head} {said}. With one seed nothing tells how much of this is chance."
    return f"{head} {said} (differences seed by seed, 95 % interval)."


def _beside(best: ArmSummary, other: ArmSummary, groups: Mapping[str, Trials], figure: str, highest: bool) -> str:
    difference = difference_by_seed(groups[other.name], groups[best.name], figure)
    text = shown(difference, best.figures[figure].mean)
    worse = is_worse(difference, highest)
    if worse is None:
        return f"{other.name} differs by {text}"
    return f"{other.name} is {'worse, by' if worse else 'not told apart from it:'} {text}"


def is_worse(difference: Interval, highest: bool) -> bool | None:
    """Whether all of an interval lies on the worse side of zero; None where there is no interval."""
    if math.isnan(difference.half_width):
        return None
    return difference.high < 0 if highest else difference.low > 0


def about_speed(summary: Sequence[ArmSummary], unit: str) -> str:
    """The fastest arm, and the speeds of the others as shares of its own."""
    known = sorted((arm for arm in summary if arm.speed is not None), key=lambda arm: -(arm.speed or 0.0))
    if not known:
        return ""
    fastest, *others = known
    said = "".join(f"; {arm.name} {speed_ratio(arm, fastest):.2f} times as many" for arm in others)
    how = " (95 % interval over turns)" if len(fastest.turns) > 1 and others else ""
    return f"Fastest: **{fastest.name}**, {fastest.speed:,.0f} {unit}s a second in training{said}{how}."


def speed_ratio(arm: ArmSummary, other: ArmSummary) -> Interval:
    """The speed of an arm as a multiple of another's, turn by turn: what slows a turn down slows both."""
    return mean_interval([one / two for one, two in zip(arm.turns, other.turns, strict=True)])


def about_time(summary: Sequence[ArmSummary], groups: Mapping[str, Trials]) -> str:
    """The validation losses when the fastest had learnt all; empty where one had not validated by then."""
    speeds = {arm.name: arm.update_seconds for arm in summary if arm.update_seconds is not None and arm.good}
    times = [arm.learning_seconds for arm in summary if arm.learning_seconds is not None]
    if len(speeds) < 2 or not times:
        return ""
    seconds = min(times)
    enough = 1 + 1e-9  # the fastest itself has just ended
    losses = {name: loss_after(groups[name], enough * seconds / each) for name, each in speeds.items()}
    if not all(loss.count for loss in losses.values()):
        return ""
    said = ", ".join(f"{name} {shown(loss)}" for name, loss in sorted(losses.items(), key=lambda pair: pair[1].mean))
    return f"After the {seconds:.3g} seconds in which the fastest learnt all, validation losses were: {said}."


def about_size(summary: Sequence[ArmSummary]) -> str:
    """Which models are not as large as the first; empty where all are."""
    sizes = {arm.name: arm.parameters for arm in summary if arm.parameters}
    if not sizes:
        return ""
    first = next(iter(sizes))
    shares = {name: size / sizes[first] for name, size in sizes.items()}
    far = ", ".join(f"{name} {share:.2f} times" for name, share in shares.items() if abs(share - 1) > NEAR)
    return f"Not of equal size: {far} as many parameters as {first}." if far else ""
