"""gatework predict: what a trained model answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from gatework.cli.options import check_given, with_settings
from gatework.cli.runs import DeviceOption, RunArgument, load_model
from gatework.settings import TASKS, checked

SECTIONS = {name: {"prediction": settings.prediction} for name, settings in TASKS.items()}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict")(with_settings(predict, SECTIONS, shown=list(TASKS)))


def predict(
    run: RunArgument,
    settings: dict[str, dict[str, Any]],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT", help="Files; standard input for - or unless given.", show_default=False),
    ] = None,
    form: Annotated[Literal["json", "text"], typer.Option("--format", help="Lines of JSON, or plain text.")] = "json",
    output: Annotated[
        Path | None, typer.Option(help="Write the answers here; standard output unless given.", show_default=False)
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let --output replace a file.")] = False,
    encoding: Annotated[str, typer.Option(help="How text in INPUT is encoded.")] = "utf-8",
    device: DeviceOption = "auto",
) -> int:
    """Let a trained model answer: a class, tags, a translation, a forecast, whatever its task is.

    Reads and writes a little at a time, so that it can stand in a pipe and the input may be larger than memory.

    [bold]Examples[/]

    gatework predict last reviews.txt --format text

    cut -f2 mails.tsv | gatework predict runs/mine > classes.jsonl
    """
    from gatework.cli.console import print_note
    from gatework.errors import InputError
    from gatework.storage import replacing
    from gatework.tasks import find_task, json_line
    from gatework.training.signals import Interrupted, StopSignals

    if output is not None and output.exists() and not overwrite:
        raise InputError(f"{output} is there already", "name another file, or add --overwrite")
    model = load_model(run, device)
    check_given(settings, SECTIONS, model.task)
    task = find_task(model.task)
    options = checked(task.settings.prediction, settings.get("prediction", {}))
    answers = task.answer(model, task.inputs(inputs or [], encoding), options, print_note)
    lines = (task.as_text(one) if form == "text" else json_line(one) for one in answers)
    with StopSignals() as stop:
        try:
            if output is None:
                for line in lines:
                    stop.poll()
                    sys.stdout.write(line + "\n")
                    sys.stdout.flush()
                return 0
            with replacing(output) as beside, beside.open("w", encoding="utf-8") as file:
                for line in lines:
                    stop.poll()
                    file.write(line + "\n")
        except Interrupted as stopped:
            return stopped.status
    return 0
