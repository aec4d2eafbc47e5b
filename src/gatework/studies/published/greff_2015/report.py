"""The report of greff-2015: each variant beside the vanilla form, and what the hyperparameters explain."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from gatework.insight.figure import new_figure
from gatework.studies.report import Report
from gatework.studies.search import Dimension, Space, Tried, importances
from gatework.studies.statistics import Interval, difference_by_seed, mean_interval
from gatework.studies.trials import Trials

VARIANTS = {
    "V": ("vanilla", ""),
    "NIG": ("no input gate", "not better"),
    "NFG": ("no forget gate", "worse"),
    "NOG": ("no output gate", "not better"),
    "NIAF": ("no input activation", "not better"),
    "NOAF": ("no output activation", "worse"),
    "CIFG": ("coupled input and forget gate", "costs nothing"),
    "NP": ("no peepholes", "costs nothing"),
    "FGR": ("full gate recurrence", "not better"),
}
"""What each is, and how the paper found it beside the vanilla form."""
COMPARISONS = len(VARIANTS) - 1
SHOWN = {"decay": "1 - momentum", "noise": "input noise", "rate": "learning rate"}


def tell(trials: Trials, report: Report, tasks: Mapping[str, str], space: Space, protocol: Sequence[str]) -> None:
    """Write it.

    Args:
        trials: all.
        report: to be written to.
        tasks: and the unit of the loss of each.
        space: what was drawn.
        protocol: how it was made, and where it differs from the paper.
    """
    report.text(*protocol)
    report.heading("What may be concluded, and what not")
    report.text(*_limits(trials, tasks))
    for task, unit in tasks.items():
        group = trials.where(task=task)
        report.heading(f"{task}: test loss, {unit}")
        columns = ("variant", "without", "published", "best of ours", "minus vanilla", "ours", "pairs", "failed")
        report.table((*columns, "parameters of best", "seconds each"), [_row(name, group) for name in VARIANTS])
    caption = (
        "Test loss minus that of the vanilla form: 95 % intervals (thick), and those that hold for all "
        f"{COMPARISONS} together (thin)."
    )
    report.picture("differences", _differences(trials, tasks), caption)
    report.heading("Importance of each hyperparameter")
    report.text(
        "The share of the variance of the test loss that each explains alone, by functional ANOVA as Optuna "
        "computes it (64 trees, shares made to add up to 1), all variants together and the variant one of the "
        "hyperparameters. It depends on how wide each range is. Published: the learning rate explains most, then the "
        "size; momentum next to nothing."
    )
    report.table(("hyperparameter", *tasks), _importances(trials, tasks, space))


def _limits(trials: Trials, tasks: Mapping[str, str]) -> list[str]:
    told = "; ".join(_spread(task, unit, trials.where(task=task, variant="V")) for task, unit in tasks.items())
    return [
        "*Minus vanilla* answers one question: at settings drawn at random from these ranges, and after so short a "
        "training, how much higher is the loss without a part, on average over draws? *Worse* and *better* say that "
        f"the answer is not 0 even when {COMPARISONS} comparisons are made at once: a 95 % interval corrected for them "
        "(Bonferroni) leaves out 0. The interval that is shown is not corrected.",
        "The paper asks another question: it optimised the settings of each variant on its own and compared what came "
        "of long trainings. A row that disagrees with *published* does not refute it. Most draws are poor settings, "
        f"and the average counts them as much as good ones (vanilla test losses: {told}). A variant that starts "
        "faster, such as one without a gate that had to open first, can be *better* in short trainings without being "
        "so in the end. *Best of ours* is nearer to the paper's question, but is one training chosen among few: it has "
        "no interval, and ranks nothing. *No clear difference* means that none was seen; how large one may be, the "
        "interval says.",
    ]


def _spread(task: str, unit: str, vanilla: Trials) -> str:
    losses = sorted(vanilla.values("test"))
    if not losses:
        return f"{task} not measured"
    return f"{task} from {losses[0]:.2f} to {losses[-1]:.2f} {unit}, median {statistics.median(losses):.2f}"


def difference(variant: str, trials: Trials, comparisons: int = 1) -> Interval:
    """Test loss of a variant minus that of the vanilla form at the same draw, where neither failed."""
    return difference_by_seed(trials.where(variant=variant), trials.where(variant="V"), "test", comparisons)


def judged(difference: Interval) -> str | None:
    """In a word what an interval says; None where there is none."""
    if difference.count < 2:
        return None
    return "worse" if difference.low > 0 else "better" if difference.high < 0 else "no clear difference"


def _row(variant: str, trials: Trials) -> tuple[Any, ...]:
    what, published = VARIANTS[variant]
    group = trials.where(variant=variant)
    best = group.best("validation")
    gap = difference(variant, trials)
    beside = ("", "", "") if variant == "V" else (gap, judged(difference(variant, trials, COMPARISONS)), gap.count)
    seconds = f"{mean_interval([trial.spent for trial in group]).mean:.1f}" if group else None
    figures = (best["test"], best["parameters"]) if best else (None, None)
    return (variant, what, published, figures[0], *beside, len(group.failed), figures[1], seconds)


def _importances(trials: Trials, tasks: Mapping[str, str], space: Space) -> list[tuple[Any, ...]]:
    whole = Space([*space, Dimension("variant", choices=tuple(VARIANTS))])
    found = [importances(_tried(trials.where(task=task).good, whole), whole) or {} for task in tasks]
    return [(SHOWN.get(one.name, one.name), *(shares.get(one.name) for shares in found)) for one in whole]


def _tried(trials: Trials, space: Space) -> list[Tried]:
    """Trials as a search has them."""
    drawn = [{one.name: trial.settings[one.name] for one in space} for trial in trials]
    return [
        Tried(number, values, trial["test"], "done", trial.spent, {}, "", values, [])
        for number, (trial, values) in enumerate(zip(trials, drawn, strict=True), 1)
    ]


def _differences(trials: Trials, tasks: Mapping[str, str]) -> Any:
    figure = new_figure(9, 3.4)
    names = [name for name in VARIANTS if name != "V"]
    for place, (task, unit) in zip(figure.subplots(1, len(tasks)), tasks.items(), strict=True):
        for height, name in enumerate(reversed(names)):
            for comparisons, look in ((COMPARISONS, {"linewidth": 0.8}), (1, {"linewidth": 2.5, "fmt": "o"})):
                gap = difference(name, trials.where(task=task), comparisons)
                if gap.count > 1:
                    place.errorbar(gap.mean, height, xerr=gap.half_width, color="C0", **look)
        place.axvline(0, color="grey", linewidth=0.8)
        place.set_yticks(range(len(names)), list(reversed(names)))
        place.set(title=task, xlabel=unit)
    return figure
