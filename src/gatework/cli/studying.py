"""What commands that make many trials have in common: progress, Ctrl-C, the report."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from gatework.cli.console import out
from gatework.cli.trials import shown_trials
from gatework.errors import InputError
from gatework.storage import write_text

if TYPE_CHECKING:
    from rich.console import Console

    from gatework.studies import Scope, Study, StudyFolder, Trials


def carry_out(
    study: Study,
    scope: Scope,
    folder: StudyFolder,
    *,
    jobs: int,
    again: bool = False,
    so_far: bool = False,
    console: Console = out,
) -> Trials:
    """Make the trials of a study that its folder lacks, and write its report.

    Args:
        study: what is made.
        scope: how much.
        folder: where.
        jobs: trials at once.
        again: make those that failed once more.
        so_far: make none, report on those that are there.
        console: where progress is shown.

    Raises:
        InputError: there is nothing to report on.
        typer.Exit: Ctrl-C or SIGTERM came; what was made is kept.
    """
    from gatework.studies import Report, found_trials, run_study
    from gatework.training.signals import Interrupted, StopSignals

    start = time.perf_counter()
    known = 0
    try:
        with StopSignals() as stop, shown_trials(stop.poll, said=study.said, console=console) as progress:
            if so_far:
                trials, known = found_trials(study, scope, folder)
            else:
                trials = run_study(study, scope, folder, jobs=jobs, again=again, progress=progress)
    except Interrupted as stopped:
        console.print(f"stopped; what was made is kept in {folder.path}: the same command goes on", markup=False)
        raise typer.Exit(stopped.status) from stopped
    if not trials:
        raise InputError(f"{folder.path} has no trials yet", "leave out --so-far")
    if not trials.good:
        raise InputError(f"all {len(trials)} trials failed, the first by {trials[0].error}", "see trials in the folder")
    report = Report(folder.path)
    if known > len(trials):
        report.text(f"**Unfinished**: {len(trials)} of the {known} trials known to be needed so far were made.")
    study.report(trials, report, scope)
    write_text(folder.path / "report.md", report.markdown(study, scope, trials, time.perf_counter() - start))
    folder.write_table(trials)
    if trials.failed:
        console.print(f"{len(trials.failed)} of {len(trials)} trials failed; the report names them")
    return trials
