"""gatework evaluate: how well a model does on held-out data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from gatework.cli.options import check_given, with_settings
from gatework.cli.runs import DeviceOption, RunArgument, given_data, is_saved_model, load_model, own_data
from gatework.errors import InputError
from gatework.settings import TASKS, checked

SECTIONS = {name: {"prediction": settings.prediction} for name, settings in TASKS.items()}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(with_settings(evaluate, SECTIONS, shown=list(TASKS)))


def evaluate(
    run: RunArgument,
    settings: dict[str, dict[str, Any]],
    data: Annotated[
        list[str] | None,
        typer.Argument(help="Files or folders, or -; the run's own held-out data unless given.", show_default=False),
    ] = None,
    part: Annotated[
        Literal["train", "validation", "test"] | None,
        typer.Option(help="Which part of the run's own data; validation unless given.", show_default=False),
    ] = None,
    encoding: Annotated[str, typer.Option(help="How DATA are encoded.")] = "utf-8",
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> int:
    """Measure a trained model on held-out data: of a text nats, bits and perplexity per symbol.

    Where answers are measured, as translations are, the options of `predict` say how they are made; such as
    --text-column and --missing say how DATA are read.

    [bold]Examples[/]

    gatework evaluate last

    gatework evaluate last another.txt --json
    """
    from gatework.cli.console import out, print_note
    from gatework.cli.progress import loading
    from gatework.data.dataset import Dataset
    from gatework.tasks import find_task, json_line
    from gatework.training import RunFolder

    if data and part:
        raise InputError("--part chooses from the run's own data", "leave out --part or DATA")
    if not data and is_saved_model(run):
        raise InputError(f"{run} is a saved model, which has no data of its own", "give some: evaluate RUN DATA")
    model = load_model(run, device)
    check_given(settings, SECTIONS, model.task)
    task = find_task(model.task)
    given = settings.get("prediction", {})
    reading = {name: value for name, value in given.items() if name in task.settings.data.model_fields}
    if reading and not data:
        option = f"--{next(iter(reading)).replace('_', '-')}"
        raise InputError(f"{option} says how DATA are read", "give some, or leave it out")
    if answering := {name: value for name, value in given.items() if name not in reading}:
        task = task.answering(checked(task.settings.prediction, answering))
    if data:
        used, chosen = given_data(task, model, run, data, {"encoding": encoding, **reading}), "train"
        name = used.name
    else:
        used, chosen = own_data(RunFolder.find(run)), part or "validation"
        name = f"{chosen} part of {used.name}"
    with loading("measuring") as progress:
        score = task.score(model, used, chosen, name=name, progress=progress)
    read = used.notes if data and isinstance(used, Dataset) else ()
    for note in dict.fromkeys([*read, *task.notes(model, score)]):
        print_note(note)
    if as_json:
        out.print(json_line(task.score_record(model, score, name)), markup=False)
    else:
        for line in task.score_lines(model, score, name):
            out.print(line, markup=False)
    return 0
