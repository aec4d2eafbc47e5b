"""The report of a comparison: figures, differences, what they mean, courses, learning rates, samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatework.studies.comparison.pictures import draw_courses, draw_rates
from gatework.studies.comparison.summary import LOSS, ArmSummary
from gatework.studies.comparison.words import about_quality, about_size, about_speed, about_time, ordered, shown
from gatework.studies.report import Report
from gatework.studies.trials import Trials

if TYPE_CHECKING:
    from gatework.studies.comparison.comparison import Comparison

SHORT_FIGURES = 2
FIGURES = 6
"""Figures beyond which a table becomes too wide; trials.csv has all."""
SECONDS = 100.0
"""A value with as many digits as seconds are shown with."""


def tell(comparison: Comparison, trials: Trials, report: Report, *, with_samples: bool = True) -> None:
    """All of it; samples may be left out where nobody would learn from them."""
    counted = trials.where(stage="counted")
    summary = comparison.summary(trials)
    report.text(how(comparison))
    report.heading("What was found")
    report.text(*findings(comparison, trials))
    report.table(*table(comparison, summary))
    _tell_differences(comparison, summary, report)
    courses = (
        "Loss against updates, and against seconds by the speeds that were measured: lines in training, dots on the "
        "validation part; means over seeds that validated after the same updates."
    )
    report.picture("courses", draw_courses(counted, comparison.kind, summary), courses)
    if any(arm.rates for arm in comparison.arms.values()):
        tell_rates(comparison, trials, report)
    if with_samples:
        _tell_samples(comparison, trials, report)


def how(comparison: Comparison) -> str:
    """What all arms have in common, and who judges."""
    best = "the parameters that were best on the validation part" if len(comparison.data.validation) else "the last"
    judge = {
        "test": "the test part, which chose nothing",
        "validation": "the validation part, which also chose the best parameters of each training: it flatters all",
    }[comparison.part]
    equal = {"cell": " The hidden sizes are such that the whole models have equal numbers of parameters."}
    return (
        f"Every training has the same settings but for its {comparison.kind}; of each, {best} are judged by {judge}. "
        "Figures are means over seeds with their 95 % interval; trainings of one seed see the same data in the same "
        f"order.{equal.get(comparison.kind, '')} "
        "Seconds are those that trainings took, each with one thread, validations and what else the machine did "
        "included; speeds were measured before them, side by side in short turns, by the time that one thread worked; "
        "*seconds by speed* are those of all updates without validations."
    )


def findings(comparison: Comparison, trials: Trials) -> list[str]:
    """Quality, speed, both, and what is to be known of sizes; a sentence or two each."""
    summary = comparison.summary(trials)
    groups = {name: trials.where(stage="counted", **{comparison.kind: name}) for name in comparison.arms}
    figure, highest = main_figure(comparison, summary)
    if not ordered(summary, figure, highest):
        return ["Nothing was measured: every training failed."]
    said = [
        about_quality(summary, groups, figure, highest, comparison.part),
        about_speed(summary, comparison.unit),
        about_time(summary, groups),
        about_size(summary) if comparison.kind == "cell" else "",
    ]
    return [text for text in said if text]


def main_figure(comparison: Comparison, summary: list[ArmSummary]) -> tuple[str, bool]:
    """The figure by which arms are compared first, and whether higher is better; the loss if it was not measured."""
    known = any(comparison.figure in arm.figures for arm in summary)
    return (comparison.figure, comparison.highest) if known else (LOSS, False)


def table_figures(comparison: Comparison, summary: list[ArmSummary]) -> list[str]:
    """The figures that a table shows, the first one first."""
    main, _ = main_figure(comparison, summary)
    names = dict.fromkeys([main, *(name for arm in summary for name in arm.figures)])
    return [name for name in names if any(name in arm.figures for arm in summary)][:FIGURES]


def table(comparison: Comparison, summary: list[ArmSummary]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of the arms: size, figures, time, speed, failures."""
    figures = table_figures(comparison, summary)
    main, highest = main_figure(comparison, summary)
    better = f" ({'higher' if highest else 'lower'} is better)"
    rated = any(arm.rate is not None for arm in summary)
    sized = any(arm.hidden_size is not None for arm in summary)
    columns = [
        comparison.kind,
        *(["hidden size"] if sized else []),
        *(["learning rate"] if rated else []),
        "parameters",
        *(name.replace("_", " ") + (better if name == main else "") for name in figures),
        *("seconds", "seconds by speed", f"{comparison.unit}s a second", "trainings", "failed"),
    ]
    rows = [
        [
            arm.name,
            *([arm.hidden_size] if sized else []),
            *([f"{arm.rate:g}" if arm.rate is not None else "-"] if rated else []),
            arm.parameters,
            *(shown(arm.figures[name]) for name in figures),
            shown(arm.seconds, SECONDS),
            "-" if arm.learning_seconds is None else f"{arm.learning_seconds:.1f}",
            "-" if arm.speed is None else f"{arm.speed:,.0f}",
            arm.good,
            arm.failed,
        ]
        for arm in summary
    ]
    return columns, rows


def short_table(comparison: Comparison, summary: list[ArmSummary]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows that fit a terminal: the first figures, differences in one of them, time, speed."""
    main, _ = main_figure(comparison, summary)
    figures = table_figures(comparison, summary)[:SHORT_FIGURES]
    first = summary[0]
    failed = any(arm.failed for arm in summary)
    columns = [comparison.kind, "size", "parameters", *(name.replace("_", " ") for name in figures)]
    columns += [
        f"{main.replace('_', ' ')} - {first.name}'s",
        "seconds",
        f"{comparison.unit}s/s",
        *(["failed"] if failed else []),
    ]
    rows = [
        [
            arm.name,
            "-" if arm.hidden_size is None else str(arm.hidden_size),
            "-" if arm.parameters is None else f"{arm.parameters:,}",
            *(shown(arm.figures[name]) for name in figures),
            shown(arm.differences[main], first.figures[main].mean) if main in arm.differences else "",
            shown(arm.seconds, SECONDS),
            "-" if arm.speed is None else f"{arm.speed:,.0f}",
            *([str(arm.failed)] if failed else []),
        ]
        for arm in summary
    ]
    return columns, rows


def _tell_differences(comparison: Comparison, summary: list[ArmSummary], report: Report) -> None:
    first, *others = summary
    figures = table_figures(comparison, summary)
    rows = [[arm.name, *(shown(arm.differences[name], first.figures[name].mean) for name in figures)] for arm in others]
    report.text(f"Differences from {first.name}, seed by seed:")
    report.table([comparison.kind, *(name.replace("_", " ") for name in figures)], rows)


def tell_rates(comparison: Comparison, trials: Trials, report: Report) -> None:
    """Which rates were tried, and how they did."""
    tried = trials.where(stage="rate")
    report.heading("Learning rates")
    report.text(
        "Each was tried once, at a seed that is not counted, and the one with the best validation was taken. Where it "
        "lies at an end of those tried, a better one may lie beyond."
    )
    rows = [_rates_row(name, tried.where(**{comparison.kind: name})) for name in comparison.arms]
    report.table([comparison.kind, "tried", "taken", "at an end", "failed"], rows)
    picture = draw_rates(tried, comparison.kind)
    report.picture("rates", picture, "Best validation by learning rate; rings: the rates that were taken.")


def _rates_row(name: str, tried: Trials) -> list[Any]:
    rates = sorted(trial.settings["learning_rate"] for trial in tried)
    best = tried.best("rank")
    shares = ", ".join(f"{rate:g}" for rate in rates)
    if best is None:
        return [name, shares, "none", "-", len(tried.failed)]
    taken = best.settings["learning_rate"]
    return [name, shares, f"{taken:g}", taken in (rates[0], rates[-1]), len(tried.failed)]


def samples(comparison: Comparison, trials: Trials) -> dict[str, list[str]]:
    """What a model of each arm writes or answers, in lines, under its name and seed."""
    groups = {name: trials.where(stage="counted", **{comparison.kind: name}).good for name in comparison.arms}
    first = {name: group[0] for name, group in groups.items() if group}
    return {f"{name}, seed {one['seed']}": one["sample"] for name, one in first.items() if one["sample"]}


def _tell_samples(comparison: Comparison, trials: Trials, report: Report) -> None:
    found = samples(comparison, trials)
    if found:
        report.heading("Samples")
    for heading, lines in found.items():
        block = "\n".join(f"    {line}" for line in lines)  # indented: no line of it can end the block
        report.text(f"{heading}:", block)
