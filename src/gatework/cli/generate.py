"""gatework generate: what a trained model writes."""

from __future__ import annotations

import sys
from typing import Any

import typer

from gatework.cli.options import check_given, with_settings
from gatework.cli.runs import DeviceOption, RunArgument, load_model
from gatework.errors import InputError
from gatework.settings import TASKS, checked

SECTIONS = {name: {"generation": one.generation} for name, one in TASKS.items() if one.generation is not None}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("generate")(with_settings(generate, SECTIONS, shown=list(SECTIONS)))


def generate(run: RunArgument, settings: dict[str, dict[str, Any]], device: DeviceOption = "auto") -> int:
    """Write with a trained model: text, shown as it is drawn, or a piece of music.

    [bold]Examples[/]

    gatework generate last --prompt 'ROMEO:' --temperature 0.7

    gatework generate runs/mine --samples 5 --length 100 --seed 1

    gatework generate runs/chorales --length 64 --output tune.mid
    """
    from gatework.cli.console import print_note
    from gatework.tasks import find_task
    from gatework.training.signals import Interrupted, StopSignals

    model = load_model(run, device)
    task = find_task(model.task)
    kind = task.settings.generation
    if kind is None:
        raise InputError(f"{run} is a model for the task {task.name}, which writes nothing", "see `gatework predict`")
    check_given(settings, SECTIONS, task.name)
    options = checked(kind, settings.get("generation", {}))
    with StopSignals() as stop:
        try:
            task.write(model, options, show=_write, note=print_note, poll=stop.poll)
        except Interrupted as stopped:
            return stopped.status
    return 0


def _write(text: str) -> None:
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
