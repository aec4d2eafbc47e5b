"""What a study shows while it runs: how many trials are made, and the last one's settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gatework.cli.console import out

if TYPE_CHECKING:
    from gatework.studies import Trial

LINE_SECONDS = 10.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def shown_trials(poll: Callable[[], None]) -> Iterator[Callable[[Trial | None, int, int], None]]:
    """A bar on a terminal, a line now and then elsewhere; ``poll`` is called after each trial and may raise."""
    columns = (MofNCompleteColumn(), BarColumn(bar_width=20), TimeElapsedColumn(), TimeRemainingColumn())
    last = time.monotonic()
    with Progress(*columns, TextColumn("{task.description}"), console=out, disable=not out.is_terminal) as bar:
        task = bar.add_task("")

        def progress(trial: Trial | None, done: int, total: int) -> None:
            nonlocal last
            said = "" if trial is None else _said(trial)
            bar.update(task, completed=done, total=total, description=said)
            if not out.is_terminal and trial is not None and time.monotonic() - last > LINE_SECONDS:
                last = time.monotonic()
                out.print(f"{done} of {total}: {said}", markup=False)
            poll()

        yield progress


def _said(trial: Trial) -> str:
    settings = " ".join(f"{name} {value}" for name, value in trial.settings.items())
    return f"{settings[:100]}: {trial.error or f'{trial.seconds:.1f} s'}"
