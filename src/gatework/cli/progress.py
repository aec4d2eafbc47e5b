"""What a training shows while it runs: a bar with numbers on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from gatework.cli.console import out, print_note
from gatework.tasks import Task
from gatework.training import Callback, Trainer

LINE_SECONDS = 10.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def loading(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show the progress of reading; yields a function of (done, total or None)."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class Notes(Callback):
    """Prints what the user should know."""

    def on_note(self, trainer: Trainer, text: str) -> None:
        """Print it."""
        print_note(text)


class ProgressDisplay(Callback):
    """Shows loss, speed, learning rate and time left; after a validation its score and a sample."""

    def __init__(self, task: Task[Any, Any]) -> None:
        self.task = task
        self._bar: Progress | None = None
        self._line_time = time.monotonic()
        self._numbers = ""
        self._started = (0.0, 0.0)

    def on_start(self, trainer: Trainer) -> None:
        """Describe what is trained; begin the bar."""
        lines = self.task.describe(trainer)
        for line in [*lines, f"run     {trainer.folder.path}"] if trainer.folder else lines:
            out.print(escape(line))
        self._started = (time.monotonic(), trainer.progress())
        if out.is_terminal:
            columns = (
                TextColumn("{task.percentage:3.0f} %"),
                BarColumn(bar_width=20),
                TextColumn("{task.description}"),
            )
            self._bar = Progress(*columns, console=out, transient=True, refresh_per_second=4)
            self._bar.add_task("", total=1.0)
            self._bar.start()

    def on_update(self, trainer: Trainer) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=trainer.progress(), description=self._status(trainer))

    def on_log(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Take the newest numbers; print them as a line now and then where there is no bar."""
        _, unit = self.task.units(trainer.model)
        bits = f"{row['bits']:.3f} bits/{unit}  " if "bits" in row else ""
        speed = row[f"{trainer.objective.unit}s_per_second"]
        shown = f"{speed / 1000:.1f}k" if speed >= 1000 else f"{speed}"
        self._numbers = f"loss {row['loss']:.3f}  {bits}{shown} {unit}/s  lr {row['learning_rate']:.1e}"
        if self._bar is None and time.monotonic() - self._line_time > LINE_SECONDS:
            self._line_time = time.monotonic()
            out.print(f"{trainer.progress():4.0%}  {self._status(trainer)}")

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Print the validation loss."""
        place = f"[bold]epoch {row['epoch']:.2f}[/]  update {row['step']:,}"
        if row["kind"] != "validation":
            out.print(f"{place}  no validation {self.task.data_word}; model saved")
            return
        best = "  (best so far)" if trainer.position.stale == 0 else ""
        figures = [f"loss [bold]{row['loss']:.4f}[/]"]
        if "bits" in row:
            long, _ = self.task.units(trainer.model)
            figures[0] += f" nats  {row['bits']:.4f} bits/{long}"
        names = [
            name for name in row if name not in trainer.BASE_COLUMNS and name not in trainer.objective.columns(1.0)
        ]
        figures += [f"{name.replace('_', ' ')} [bold]{row[name]:.4f}[/]" for name in names]
        out.print(f"{place}  validation {'  '.join(figures)}{best}")

    def on_validating(self, trainer: Trainer) -> None:
        """Say why the bar stands still."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=f"validating ...  {self._numbers}")

    def show_sample(self, text: str) -> None:
        """Print a sample, dimmed."""
        out.print("[dim]" + escape(text.strip("\n")) + "[/]\n")

    def on_exit(self, trainer: Trainer) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _status(self, trainer: Trainer) -> str:
        return f"{self._time_left(trainer)}  {self._numbers}".strip()

    def _time_left(self, trainer: Trainer) -> str:
        began, done = self._started
        gained = trainer.progress() - done
        if gained <= 0:
            return ""
        seconds = round((time.monotonic() - began) * (1 - trainer.progress()) / gained)
        hours = f"{seconds // 3600}:{seconds // 60 % 60:02}" if seconds >= 3600 else f"{seconds // 60}"
        return f"{hours}:{seconds % 60:02} left"
