"""What a study shows while it runs: how many trials are made, the last one, and how long the others may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gatework.cli.console import out

if TYPE_CHECKING:
    from rich.console import Console

    from gatework.studies import Trial

LINE_SECONDS = 10.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def shown_trials(
    poll: Callable[[], None], said: Callable[[Trial], str], console: Console = out
) -> Iterator[Callable[[Trial | None, int, int], None]]:
    """A bar on a terminal, a line now and then elsewhere.

    Args:
        poll: called after each trial; it may raise.
        said: how a trial is told.
        console: where.
    """
    columns = (MofNCompleteColumn(), BarColumn(bar_width=20), TimeElapsedColumn(), TimeRemainingColumn())
    start = last = time.monotonic()
    found = 0
    text = TextColumn("{task.description}", markup=False)
    with Progress(*columns, text, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("")

        def progress(trial: Trial | None, done: int, total: int) -> None:
            nonlocal last, found
            bar.update(task, completed=done, total=total, description="" if trial is None else said(trial))
            if trial is None:
                found = done  # in earlier calls, or before this part of the plan was known
            elif not console.is_terminal and time.monotonic() - last > LINE_SECONDS:
                last = time.monotonic()
                left = _time_left(last - start, done - found, total - done)
                console.print(f"{done} of {total}: {said(trial)}; about {left} left", markup=False)
            poll()

        yield progress


def _time_left(seconds: float, made: int, missing: int) -> str:
    """How long the missing trials may take, if they are like those made in so many seconds."""
    left = round(seconds / made * missing)
    return f"{left // 60}:{left % 60:02}"
