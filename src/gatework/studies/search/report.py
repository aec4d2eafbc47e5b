"""What a search leaves to be read: report.md with its pictures, and trials.csv."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from gatework.storage import write_text
from gatework.studies.folder import write_csv
from gatework.studies.report import Report
from gatework.studies.search.pictures import draw_history, draw_importances, draw_slices
from gatework.studies.search.search import Tried
from gatework.studies.search.space import Space

SHOWN = 10


def write_report(
    folder: Path,
    tried: Sequence[Tried],
    space: Space,
    shares: Mapping[str, float] | None,
    *,
    title: str,
    goal: str = "",
    command: str = "",
) -> Path:
    """Write all of it; return where the report is.

    Args:
        folder: where.
        tried: all trials.
        space: what was searched.
        shares: the importances, where they are known.
        title: of the report.
        goal: the figure by which the best model is chosen, higher being better; the loss where empty.
        command: that trains with the best settings.
    """
    sign, what = (-1.0, goal) if goal else (1.0, "loss")
    what = f"validation {what.replace('_', ' ')}"
    counts = {state: sum(one.state == state for one in tried) for state in ("done", "pruned", "failed")}
    report = Report(folder)
    report.text(
        f"# {title}",
        f"{len(tried)} trials, {sum(one.seconds for one in tried) / 60:.1f} minutes: {counts['done']} done, "
        f"{counts['pruned']} ended early, {counts['failed']} failed. All: [trials.csv](trials.csv).",
        "Searched: " + "; ".join(map(str, space)) + ".",
    )
    if command:
        report.text(f"To go on with the best: `{command}`")
    _tell_best(report, tried, space, what, sign)
    _tell_importances(report, shares)
    failed = [f"- trial {one.number} ({one.said()}): {one.error}" for one in tried if one.state == "failed"]
    if failed:
        report.heading("Failed trials")
        report.text("\n".join(failed))
    write_csv(folder / "trials.csv", [_row(one, sign, what) for one in tried])
    write_text(folder / "report.md", "\n\n".join(report.parts) + "\n")
    return folder / "report.md"


def _tell_best(report: Report, tried: Sequence[Tried], space: Space, what: str, sign: float) -> None:
    report.heading("The best trials")
    ordered = sorted((one for one in tried if one.state == "done"), key=lambda one: one.rank)[:SHOWN]
    rows = [
        [one.number, *map(str, one.values.values()), sign * one.rank, _parameters(one), f"{one.seconds:.1f}"]
        for one in ordered
    ]
    report.table(["trial", *(one.name for one in space), what, "parameters", "seconds"], rows, digits=4)
    report.picture("history", draw_history(tried, what, sign), "The trials in their order.")
    report.picture("slices", draw_slices(tried, space, what, sign), "Where the good values lie.")


def _tell_importances(report: Report, shares: Mapping[str, float] | None) -> None:
    report.heading("What mattered")
    if shares is None:
        report.text("Too few trials were done to tell.")
        return
    report.text(
        "The share of the variance that each setting explains alone, by fANOVA over the trials that were done; "
        "a search that proposes good values tells less of bad ones than `--sampler random` does."
    )
    report.table(["setting", "share"], shares.items())
    report.picture("importance", draw_importances(shares), "How much each setting mattered.")


def _parameters(one: Tried) -> int | None:
    return one.measured.get("parameters")


def _row(one: Tried, sign: float, what: str) -> dict[str, object]:
    rank = sign * one.rank if math.isfinite(one.rank) else ""
    about = {"trial": one.number, **one.values, what: rank, "state": one.state, "parameters": _parameters(one)}
    return {**about, "validations": len(one.course), "seconds": round(one.seconds, 2), "error": one.error}
