"""What a training shows while it runs: a bar with numbers on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from gatework.cli.console import out, print_note
from gatework.training import Callback, Trainer

UNITS = {"character": "char", "byte": "byte", "word": "word"}
"""Short names, so that the bar fits 80 columns."""
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
    """Shows loss, bits, speed, learning rate and time left; after a validation its loss and a sample."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._line_time = time.monotonic()
        self._numbers = ""
        self._started = (0.0, 0.0)

    def on_start(self, trainer: Trainer) -> None:
        """Describe what is trained; begin the bar."""
        for line in describe(trainer):
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
        unit = UNITS[trainer.model.vocabulary.level]
        self._numbers = (
            f"loss {row['loss']:.3f}  {row['bits']:.3f} bits/{unit}  {row['symbols_per_second'] / 1000:.1f}k {unit}/s  "
            f"lr {row['learning_rate']:.1e}"
        )
        if self._bar is None and time.monotonic() - self._line_time > LINE_SECONDS:
            self._line_time = time.monotonic()
            out.print(f"{trainer.progress():4.0%}  {self._status(trainer)}")

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Print the validation loss."""
        if row["kind"] != "validation":
            out.print(f"[bold]epoch {row['epoch']:.2f}[/]  update {row['step']:,}  no validation text; model saved")
            return
        best = "  (best so far)" if trainer.position.stale == 0 else ""
        out.print(
            f"[bold]epoch {row['epoch']:.2f}[/]  update {row['step']:,}  validation loss "
            f"[bold]{row['loss']:.4f}[/] nats  {row['bits']:.4f} bits/{trainer.model.vocabulary.level}{best}"
        )

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


def describe(trainer: Trainer) -> list[str]:
    """The run in a few lines: text, model, how, where to."""
    corpus, model, config = trainer.corpus, trainer.model, trainer.config
    level = model.vocabulary.level
    parameters = sum(parameter.numel() for parameter in model.parameters())
    window = (
        f"{trainer.bptt.k2} steps"
        if trainer.bptt.k1 == trainer.bptt.k2
        else f"k1 {trainer.bptt.k1}, k2 {trainer.bptt.k2}"
    )
    lines = [
        f"text    {corpus.name}: {len(corpus.tokens):,} {level}s, {len(model.vocabulary)} different; "
        f"training {len(corpus.train.tokens):,}, validation {len(corpus.validation.tokens):,}",
        f"model   {model.config.layers} x {model.config.hidden_size} {model.config.cell}, {parameters:,} parameters, "
        f"{engine_line(trainer)}",
        f"how     {config.optimizer}, {config.batch} streams, windows of {window}, {config.schedule} schedule, "
        f"{trainer.device}",
    ]
    return [*lines, f"run     {trainer.folder.path}"] if trainer.folder else lines


def engine_line(trainer: Trainer) -> str:
    """Which engine will run the first layer, and why not a faster one."""
    import torch

    from gatework.engine import checked_call, plan
    from gatework.layers import Recurrent

    layer = next(module for module in trainer.model.modules() if isinstance(module, Recurrent))
    parameter = next(layer.parameters())
    x = torch.zeros(trainer.bptt.k2, trainer.config.batch, layer.cell.input_size).to(parameter)
    return str(plan(checked_call(layer.cell, x), layer.engine))
