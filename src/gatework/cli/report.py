"""What a finished training prints: its best loss, advice, a sample, its pictures, and what to type next."""

from __future__ import annotations

import math
import shlex
from typing import Any

from gatework.cli.console import out, program
from gatework.tasks import Task
from gatework.training import Outcome, Trainer, advise


def print_report(task: Task[Any, Any], trainer: Trainer, outcome: Outcome) -> None:
    """Print all of it."""
    if outcome.validation is not None:
        headline = task.headline(trainer.model, outcome.validation)
        out.print(
            f"\n[bold]best validation {headline}[/] "
            f"(update {outcome.step:,} of {outcome.steps:,}, {outcome.seconds:.0f} s)"
        )
    for text in advise(outcome.rows):
        out.print(f"[yellow]advice:[/] {text}")
    heading, text = task.closing(trainer)
    if heading:
        out.print(f"\n[bold]{heading}:[/]")
        out.print(text, markup=False)
    if trainer.folder is not None:
        for picture in sorted(trainer.folder.plots.glob("*.png")):
            out.print(f"picture: {picture}", markup=False)
        out.print("\n[bold]next:[/]")
        for line in next_commands(task, trainer, outcome):
            out.print(f"  {line}", markup=False)


def next_commands(task: Task[Any, Any], trainer: Trainer, outcome: Outcome) -> list[str]:
    """Commands to go on with, as they can be typed."""
    assert trainer.folder is not None
    run = str(trainer.folder.path)
    longer = ["train", "--resume", "RUN", "--epochs", str(max(1, math.ceil(2 * outcome.epochs)))]
    if outcome.reason == "patience":
        longer += ["--patience", str(2 * (trainer.config.patience or 1))]
    commands = [*task.next_commands(trainer, outcome), longer]
    return [f"{program()} {shlex.join(run if word == 'RUN' else word for word in words)}" for words in commands]
