"""gatework tune: search for good settings of a training, and see which of them matter."""

from __future__ import annotations

import math
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gatework.cli.options import with_settings, words_of
from gatework.cli.setting_up import SECTIONS, merged_config, read_data, source_name
from gatework.errors import InputError
from gatework.settings import RunConfig

if TYPE_CHECKING:
    from gatework.cli.tuning import Tuning
    from gatework.studies.search import Search, Tried

LEFT_OUT = ("sources", "minutes", "checkpoint_minutes", "tensorboard", "sample_length", "sample_prompt", "show")
"""Settings of a training that a trial has no use for; ``--minutes`` are those of all trials together."""

Given = dict[str, dict[str, Any]]


def register(app: typer.Typer, task: str) -> None:
    """Add the command, with the options of a task in its help."""
    app.command("tune")(with_settings(tune, SECTIONS, shown=[task], leave_out=LEFT_OUT))


def tune(
    settings: Given,
    data: Annotated[
        list[str] | None, typer.Argument(help="Files or folders, as for `gatework train`.", show_default=False)
    ] = None,
    task: Annotated[str | None, typer.Option(help="What is to be learnt, as for `gatework train`.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Take the settings that are neither given nor searched from a config.json.")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Trainings in all, those of earlier calls among them.")] = 20,
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so many minutes of all trials together.", show_default=False)
    ] = None,
    search: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUES",
            help="Search this setting: NAME=LOW:HIGH (by its logarithm if HIGH is ten times LOW or more), NAME=A,B,C, "
            "or NAME of the usual ones; may be repeated. Without it: learning_rate, hidden_size, layers, dropout.",
            show_default=False,
        ),
    ] = None,
    cells: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="Search among these cells too.", show_default=False)
    ] = None,
    sampler: Annotated[
        Literal["tpe", "random"],
        typer.Option(help="Propose what resembles good trials (tpe), or draw each anew, which tells more of them all."),
    ] = "tpe",
    prune: Annotated[bool, typer.Option(help="End trials that do worse than the median of earlier ones.")] = True,
    folder: Annotated[
        Path | None, typer.Option(help="For journal, report and pictures; runs/tune/DATA unless given.")
    ] = None,
) -> int:
    """Search for good settings: short trainings with many choices of them, and which settings mattered.

    Takes the options of `gatework train`; what is given there is fixed, and how long each trial trains (--epochs,
    --steps) too. Each trial is kept: after Ctrl-C the same command goes on, with larger --trials it goes further.

    [bold]Examples[/]

    gatework tune my.txt --trials 30 --epochs 2

    gatework tune my.txt --cells lstm,gru --minutes 20 --layers 1

    gatework tune reviews.csv --task classify --search dropout --search weight_decay=0.001:0.3
    """
    from gatework.studies.search import check_installed

    check_installed()
    if minutes is not None and not 0 < minutes < math.inf:
        raise InputError(f"--minutes {minutes:g} is no time", "give a number above 0")
    named = [*(search or []), *([f"cell={cells}"] if cells is not None else [])]
    chosen = merged_config(config, settings, data, task)
    _check(chosen, named)
    tuning = _tuning(chosen, settings, named, usual=not search)
    path = folder or Path("runs/tune") / source_name(chosen)
    fixed = ["--config", str(config)] if config is not None else []
    base = [*chosen.data.sources, "--task", chosen.task, *fixed, *words_of(settings)]
    return _run(tuning, chosen, path, trials, minutes, sampler, prune, base)


def _check(config: RunConfig, named: list[str]) -> None:
    from gatework.settings import STANDARD_INPUT

    if STANDARD_INPUT in config.data.sources:
        raise InputError(
            "a search reads its data again when it goes on, but standard input is read once", "name a file"
        )
    if not config.data.has_validation:
        raise InputError("there is nothing to judge trials by", "give validation data: --validation above 0")
    names = [word.partition("=")[0].replace("-", "_") for word in named]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name} is searched twice", "name it once")


def _tuning(config: RunConfig, settings: Given, named: list[str], usual: bool) -> Tuning:
    """The data, and the space: the named dimensions, and the usual ones that are not given unless some are named."""
    from gatework.cli.tuning import Tuning
    from gatework.studies.search import Space, usual_space
    from gatework.studies.search.space import named_dimension
    from gatework.tasks import find_task
    from gatework.training.optimizers import peak_learning_rate

    task = find_task(config.task)
    data = read_data(task, config)
    settled = task.settled(config, data)
    sections = {"model": settled.model, "training": settled.training}
    known = usual_space(sections, peak_learning_rate(settled.training))
    wanted = [named_dimension(word, sections, known) for word in named]
    given = {name for section in settings.values() for name in section}
    for one in wanted:
        if one.name in given:
            flag = "--" + one.name.replace("_", "-")
            raise InputError(f"{flag} is given, and searched too", f"leave out {flag}, or do not search it")
    names = {one.name for one in wanted} | given
    space = Space([*wanted, *((one for one in known if one.name not in names) if usual else ())])
    if not space:
        raise InputError(
            "nothing is left to be searched: all usual settings are given", "leave one out, or --search it"
        )
    tuning = Tuning(task, config, data, space)
    tuning.check()
    return tuning


def _run(
    tuning: Tuning,
    config: RunConfig,
    path: Path,
    trials: int,
    minutes: float | None,
    sampler: Literal["tpe", "random"],
    prune: bool,
    base: list[str],
) -> int:
    from gatework.cli.console import out
    from gatework.studies import StudyFolder
    from gatework.studies.search import Search
    from gatework.training import Interrupted, RunFolder

    kept = StudyFolder(path, "tune")
    settings = config.model_copy(update={"data": config.data.anchored()}).model_dump(mode="json", exclude_unset=True)
    about = {"space": tuning.space.record(), "sampler": sampler, "prune": prune, "fingerprint": tuning.data.fingerprint}
    old = kept.start_or_go_on({**settings, **about}, "search")
    with RunFolder(path).locked():
        search = Search(tuning.space, folder=path, seed=config.training.seed, sampler=sampler, prune=prune)
        if old and search.tried():
            out.print(f"going on with {len(search.tried())} trials in {path}", markup=False)
        try:
            _search(tuning, search, trials, minutes)
        except Interrupted as stopped:
            out.print(
                f"stopped; {len(search.tried())} trials are kept in {path}: the same command goes on", markup=False
            )
            return stopped.status
        _tell(tuning, search, path, base)
    return 0


def _search(tuning: Tuning, search: Search, trials: int, minutes: float | None) -> None:
    """Make trials until there are so many, or the time is over."""
    from gatework.cli.console import out
    from gatework.cli.progress import loading
    from gatework.training.signals import StopSignals

    out.print("searching " + "; ".join(map(str, tuning.space)), markup=False)
    left = math.inf if minutes is None else 60 * minutes - search.seconds()
    deadline = time.monotonic() + left
    with StopSignals() as stop:
        while len(search.tried()) < trials and time.monotonic() < deadline:
            stop.poll()
            proposed = search.propose()
            with loading(f"trial {len(search.tried()) + 1} of {trials}") as progress:
                made = search.make(proposed, lambda values, judge: tuning.train(values, judge, deadline, progress))
            if made is None:
                return
            out.print(_line(made, search.best(), trials), markup=False)


def _line(made: Tried, best: Tried | None, trials: int) -> str:
    same = f"  (as trial {made.measured['same_as']}, not trained again)" if "same_as" in made.measured else ""
    ends = {
        "done": made.measured.get("headline", "") + ("  (best so far)" if best == made else same),
        "pruned": f"ended early after {len(made.course)} validations",
        "failed": made.error,
    }
    return f"{made.number:3} of {trials}  {made.said()}:  {ends[made.state]}  {made.seconds:.1f} s"


def _tell(tuning: Tuning, search: Search, path: Path, base: list[str]) -> None:
    """Write the report; print the best settings, what mattered, and what to type next."""
    from gatework.cli.console import out, program
    from gatework.studies.search import importances
    from gatework.studies.search.report import write_report

    tried, best = search.tried(), search.best()
    if best is None:
        failed = [one for one in tried if one.error]
        if not failed:
            raise InputError("no trial ended in the time", "give more --minutes, or a shorter training: --steps 200")
        raise InputError(f"all {len(tried)} trials failed, the first by {failed[0].error}", "search other values")
    shares = importances(tried, tuning.space, search.seed)
    words = words_of(tuning.space.placed(best.values))
    command = f"{program()} {shlex.join(['train', *base, *words])}"
    title = f"Settings for {tuning.data.name}, task {tuning.task.name}"
    report = write_report(path, tried, tuning.space, shares, title=title, goal=tuning.goal, command=command)
    out.print(f"\n[bold]best of {len(tried)}: trial {best.number}, {best.measured['headline']}[/]")
    if shares is None:
        out.print("too few trials were done to tell which settings mattered")
    else:
        told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        out.print(f"what mattered (share of the variance explained): {told}", markup=False)
    if not any(len(one.course) > 1 for one in tried):
        out.print("each trial validated once, so that none could end early: --validate-every lets them")
    out.print(f"report: {report}", markup=False)
    for name in ("history", "slices", *(["importance"] if shares else [])):
        out.print(f"picture: {path / name}.png", markup=False)
    out.print(f"next: {command}", markup=False)
