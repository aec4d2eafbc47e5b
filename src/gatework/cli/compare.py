"""gatework compare: the same training with several cells of equal size, on the user's own data."""

from __future__ import annotations

import importlib.util
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from gatework.cli.options import with_settings, words_of
from gatework.cli.setting_up import SECTIONS, merged_config, read_data, source_name
from gatework.errors import InputError
from gatework.settings import STANDARD_INPUT, RunConfig

if TYPE_CHECKING:
    from rich.console import Console

    from gatework.studies import Scope, Trials
    from gatework.studies.comparison.comparison import Comparison

LEFT_OUT = ("sources", "cell", "checkpoint_minutes", "tensorboard", "sample_length", "show")
"""Settings of a training that a comparison has no use for."""
SAMPLE_LINES = 4
WORTH_SAYING = 20.0
"""Seconds below which nobody needs to be told how long it will take."""

Given = dict[str, dict[str, Any]]


def register(app: typer.Typer, task: str) -> None:
    """Add the command, with the options of a task in its help."""
    app.command("compare")(with_settings(compare, SECTIONS, shown=[task], leave_out=LEFT_OUT))


def compare(
    settings: Given,
    cells: Annotated[
        list[str] | None,
        typer.Argument(
            help="Two or more, or FILE.py:CLASS of your own; the others are compared with the first.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="A file or folder, as for `gatework train`; may be repeated. Without it: Python's language reference.",
            show_default=False,
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="What is to be learnt, as for `gatework train`.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Take the settings that are not given from a config.json.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each cell, with other random numbers.")] = 3,
    rates: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C",
            help="Give each cell the learning rate of these that is best on the validation part, at another seed.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trainings at once, each with one thread; one a core unless given.", show_default=False
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Make the trainings that failed once more.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="For report, picture and trainings; runs/compare/DATA unless given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> int:
    """Compare cells on your own data: models of equal numbers of parameters, several seeds, the same budget.

    The first cell has the hidden size that is given, the others have whatever makes the whole model as large. Takes the
    options of `gatework train`. What was learnt is judged on held-out data (the last tenth, or --test) with intervals
    and differences from the first cell; speeds and samples stand beside. Each training is kept: after Ctrl-C the same
    command goes on, with more --seeds or other cells it goes further.

    [bold]Examples[/]

    gatework compare lstm gru elman --data my.txt --epochs 2

    gatework compare gru lstm --data reviews.csv --task classify --seeds 5

    gatework compare lstm min-gru --data sales.csv --task forecast --rates 0.001,0.003,0.01
    """
    from gatework.cli.console import err, out
    from gatework.studies import Scope
    from gatework.tasks import json_line

    chosen = _chosen(settings, data, task, config)
    tried = _rates(rates, settings)
    words = _words(cells or [], chosen, settings, {"--task": task, "--config": config, "--rates": rates})
    comparison = _comparison(cells or [], chosen, tried, seeds, [*words, "--seeds", str(seeds)])
    path = folder or Path("runs/compare") / source_name(chosen)
    console = err if as_json else out
    trials = _run(comparison, Scope(seeds=seeds), path, jobs or _jobs(chosen), again, console)
    if as_json:
        out.print(json_line({**comparison.record(trials), "folder": str(path)}), markup=False)
    else:
        _tell(comparison, trials, path)
    return 0


def _chosen(settings: Given, data: list[str] | None, task: str | None, config: Path | None) -> RunConfig:
    """What all cells have in common."""
    from gatework.studies.comparison.comparison import with_test_part

    chosen = with_test_part(merged_config(config, settings, data, task))
    if STANDARD_INPUT in chosen.data.sources:
        raise InputError(
            "a comparison reads its data again when it goes on, but standard input is read once", "name a file"
        )
    return chosen


def _rates(said: str | None, settings: Given) -> tuple[float, ...]:
    """The learning rates that are tried, rising."""
    if said is None:
        return ()
    if "learning_rate" in settings.get("training", {}):
        raise InputError("--learning-rate is given, and --rates too", "leave one of them out")
    try:
        rates = sorted({float(word) for word in said.split(",")})
    except ValueError:
        rates = []
    if len(rates) < 2 or not 0 < rates[0] <= rates[-1] < math.inf:
        raise InputError(f"--rates {said} names no learning rates to choose from", "for example --rates 0.002,0.006")
    return tuple(rates)


def _words(cells: list[str], config: RunConfig, settings: Given, others: dict[str, Any]) -> list[str]:
    """The command as it can be typed again."""
    data = [word for source in config.data.sources for word in ("--data", source)]
    given = [word for flag, value in others.items() if value is not None for word in (flag, str(value))]
    return ["gatework", "compare", *cells, *data, *given, *words_of(settings)]


def _comparison(
    cells: list[str], config: RunConfig, rates: tuple[float, ...], seeds: int, words: list[str]
) -> Comparison:
    """Read the data, and check all that can be."""
    from gatework.cli.console import print_note
    from gatework.data.dataset import Dataset
    from gatework.studies.comparison.arms import cell_arms, named_cells
    from gatework.studies.comparison.comparison import Comparison
    from gatework.tasks import find_task

    named = named_cells(cells)
    data = read_data(find_task(config.task), config)
    for note in dict.fromkeys(data.notes if isinstance(data, Dataset) else ()):
        print_note(note)
    comparison = Comparison("cell", config, cell_arms(config, named, data, rates), data, seeds=seeds, words=words)
    comparison.check()
    return comparison


def _jobs(config: RunConfig) -> int:
    """Trainings at once: one a core, where there is joblib and no other device does the work."""
    from gatework.training import find_device

    alone = importlib.util.find_spec("joblib") is None or find_device(config.training.device).type != "cpu"
    return 1 if alone else os.cpu_count() or 1


def _run(comparison: Comparison, scope: Scope, path: Path, jobs: int, again: bool, console: Console) -> Trials:
    from gatework.cli.studying import carry_out
    from gatework.studies import StudyFolder
    from gatework.training import RunFolder

    folder = StudyFolder(path, comparison.name)
    missing = comparison.missing(scope, folder)
    seconds = comparison.expected_seconds(missing)
    folder.start_or_go_on(comparison.about(), "comparison")
    with RunFolder(path).locked():
        cells = ", ".join(f"{arm.name} {arm.model['hidden_size']}" for arm in comparison.arms.values())
        count = sum(missing.values())
        console.print(f"comparing {cells} on {comparison.data.name}: {count} trainings to be made", markup=False)
        at_once = max(1, min(jobs, count))
        if seconds > WORTH_SAYING * at_once:
            shorter = "; --epochs, --steps or --minutes say how long each may be"
            console.print(f"about {seconds / at_once / 60:.1f} minutes, {at_once} at once{shorter}", markup=False)
        trials = carry_out(comparison, scope, folder, jobs=jobs, again=again, console=console)
    if not trials.where(stage="counted").good:
        raise InputError(f"no training ended: {trials.failed[0].error}", f"{path / 'trials.csv'} has all that failed")
    return trials


def _tell(comparison: Comparison, trials: Trials, path: Path) -> None:
    """The table, what it means, samples, and where the rest is."""
    from gatework.cli.console import out
    from gatework.studies.comparison.report import findings, samples, short_table

    out.print("\n" + "\n".join(_aligned(*short_table(comparison, comparison.summary(trials)))) + "\n", markup=False)
    for text in findings(comparison, trials):
        out.print(text.replace("**", ""), markup=False)
    for heading, lines in samples(comparison, trials).items():
        out.print(f"\n[bold]{escape(heading)}:[/]")
        out.print("[dim]" + escape("\n".join(lines[:SAMPLE_LINES])) + "[/]")
    out.print()
    for name in ("report.md", "courses.png", "trials.csv"):
        out.print(f"{name.partition('.')[0]}: {path / name}", markup=False)


def _aligned(columns: list[str], rows: list[list[str]]) -> list[str]:
    """A table in columns: the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) if not place else cell.rjust(width) for place, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in (columns, *rows))
    ]
