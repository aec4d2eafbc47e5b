"""gatework study: a published experiment, run and reported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    if not so_far:
        found.check()
    suffix = "-quick" if quick else ""
    return _run(found, folder or Path("runs/studies") / f"{name}{suffix}", quick, seeds, jobs, again, so_far)


def _run(study: Study, path: Path, quick: bool, seeds: int | None, jobs: int | None, again: bool, so_far: bool) -> int:
    import os

    from gatework.cli.console import out
    from gatework.cli.studying import carry_out
    from gatework.studies import Scope, StudyFolder

    folder = StudyFolder(path, study.name)
    if not so_far:
        folder.start({"quick": quick, "seeds": seeds})
    out.print(f"[bold]{study.title}[/]\n{study.question}", highlight=False)
    carry_out(study, Scope(quick, seeds), folder, jobs=jobs or os.cpu_count() or 1, again=again, so_far=so_far)
    out.print(f"report: {path / 'report.md'}", markup=False)
    return 0
