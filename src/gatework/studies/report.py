"""A report as Markdown: text, tables and pictures in the order in which they are told, what all studies say around."""

from __future__ import annotations

import math
import os
import platform
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gatework.studies.statistics import Interval
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Trials

NOT_MEASURED = "not measured"


class Report:
    """What a study tells.

    Args:
        folder: where the pictures go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: list[str] = []

    def heading(self, title: str) -> None:
        """Begin a section."""
        self.parts.append(f"## {title}")

    def text(self, *paragraphs: str) -> None:
        """Add paragraphs."""
        self.parts += paragraphs

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], digits: int = 3) -> None:
        """Add a table; None is shown as *not measured*, numbers and intervals with so many digits after the point.

        A table without rows has one in which nothing is measured.
        """
        lines = [_line(columns), _line(["---"] * len(columns))]
        shown = list(rows) or [[None] * len(columns)]
        self.parts.append("\n".join(lines + [_line([shown_cell(value, digits) for value in row]) for row in shown]))

    def picture(self, name: str, figure: Any, caption: str) -> None:
        """Add a matplotlib figure (``gatework.insight.figure.new_figure`` makes one) as NAME.png."""
        from gatework.insight.figure import save_figure

        save_figure(figure, self.folder / f"{name}.png")
        self.parts.append(f"![{caption}]({name}.png)\n\n*{caption}*")

    def markdown(self, study: Study, scope: Scope, trials: Trials, wall_seconds: float) -> str:
        """The whole report."""
        head = [
            f"# {study.title}",
            study.question,
            *(["Source: " + "; ".join(study.sources) + "."] if study.sources else []),
            f"`{shlex.join(study.command(scope))}`: {len(trials)} trials, {_cost(trials)}"
            + (f", {wall_seconds / 60:.1f} minutes of wall time in the last call" if wall_seconds >= 6 else "")
            + f"; {_machine()}. Every trial with its seed and settings: [trials.csv](trials.csv).",
        ]
        if scope.quick:
            head.append("**Quick run**: few seeds and short trainings; it shows the way, not the figures.")
        return "\n\n".join([*head, *self.parts, *_failures(trials)]) + "\n"


def _cost(trials: Trials) -> str:
    """What all trials took, by the processor's clock as far as they were timed by it."""
    minutes = f"{sum(trial.spent for trial in trials) / 60:.1f} minutes of one core in all"
    walls = len(trials.that(lambda trial: trial.core_seconds is None))
    return f"{minutes} (of {walls} trials wall time, which other work may have lengthened)" if walls else minutes


def _failures(trials: Trials) -> list[str]:
    failed = trials.failed
    if not failed:
        return [f"## Failed trials\n\nNone of {len(trials)}."]
    lines = [f"- {' '.join(f'{name}={value}' for name, value in t.settings.items())}: {t.error}" for t in failed[:20]]
    more = [f"- and {len(failed) - 20} more, see trials.csv"] if len(failed) > 20 else []
    return [f"## Failed trials\n\n{len(failed)} of {len(trials)}:", "\n".join(lines + more)]


def _machine() -> str:
    import torch

    return (
        f"{os.cpu_count()} cores, {platform.machine()} {torch.backends.cpu.get_cpu_capability()}, "
        f"torch {torch.__version__}, Python {platform.python_version()}"
    )


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def shown_cell(value: Any, digits: int = 3) -> str:
    """What stands in a table's cell; numbers and intervals with so many digits after the point."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOT_MEASURED
    if isinstance(value, Interval):
        return format(value, f".{digits}f") if value.count else NOT_MEASURED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")
