"""gatework study: a published experiment, run and reported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatework.errors import InputError

if TYPE_CHECKING:
    from gatework.studies import Study


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("study")(study)


def study(
    name: Annotated[str | None, typer.Argument(help="Which; without it, all are listed.", show_default=False)] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short trainings, few seeds: about two minutes.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="For report, pictures and trials; runs/studies/NAME unless given.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Repetitions with other random numbers; the study's own unless given.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Trials at once, each with one thread; one a core unless given.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Make the trials that failed once more.")] = False,
    so_far: Annotated[bool, typer.Option("--so-far", help="Report on what was made so far; make nothing.")] = False,
) -> int:
    """Run a published experiment and see whether its claims hold here.

    Leaves a folder with report.md, pictures, trials.csv and each trial. Started again in the same folder, it goes on
    where it was stopped: no trial is made twice.

    [bold]Examples[/]

    gatework study

    gatework study binary-memory --quick

    gatework study chung-2014 --jobs 8 --folder chung
    """
    from gatework.cli.console import out
    from gatework.studies import find_study, study_names

    if name is None:
        for one in map(find_study, study_names()):
            out.print(f"[bold]{one.name:20}[/] {one.title}")
        out.print("\nnext: gatework study NAME --quick")
        return 0
    found = find_study(name)
    found.check()
    suffix = "-quick" if quick else ""
    return _run(found, folder or Path("runs/studies") / f"{name}{suffix}", quick, seeds, jobs, again, so_far)


def _run(study: Study, path: Path, quick: bool, seeds: int | None, jobs: int | None, again: bool, so_far: bool) -> int:
    import os
    import time

    from gatework.cli.console import out
    from gatework.cli.trials import shown_trials
    from gatework.storage import write_text
    from gatework.studies import Report, Scope, StudyFolder, found_trials, run_study
    from gatework.training.signals import Interrupted, StopSignals

    scope = Scope(quick, seeds)
    folder = StudyFolder(path, study.name)
    folder.start({"quick": quick, "seeds": seeds})
    start = time.perf_counter()
    out.print(f"[bold]{study.title}[/]\n{study.question}", highlight=False)
    known = 0
    try:
        with StopSignals() as stop, shown_trials(stop.poll) as progress:
            if so_far:
                trials, known = found_trials(study, scope, folder)
            else:
                trials = run_study(
                    study, scope, folder, jobs=jobs or os.cpu_count() or 1, again=again, progress=progress
                )
    except Interrupted as stopped:
        out.print(f"stopped; what was made is kept in {path}: the same command goes on", markup=False)
        return stopped.status
    if not trials:
        raise InputError(f"{path} has no trials yet", "leave out --so-far")
    if not trials.good:
        raise InputError(f"all {len(trials)} trials failed, the first by {trials[0].error}", "see trials in the folder")
    report = Report(path)
    if known > len(trials):
        report.text(f"**Unfinished**: {len(trials)} of the {known} trials known to be needed so far were made.")
    study.report(trials, report, scope)
    write_text(path / "report.md", report.markdown(study, scope, trials, time.perf_counter() - start))
    folder.write_table(trials)
    if trials.failed:
        out.print(f"{len(trials.failed)} of {len(trials)} trials failed; the report names them")
    out.print(f"report: {path / 'report.md'}", markup=False)
    return 0
