"""gatework plot: the pictures of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatework.cli.runs import RunArgument, is_saved_model, load_language_model, load_model, own_data
from gatework.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plot")(plot)


def plot(
    run: RunArgument,
    text: Annotated[
        str,
        typer.Option(help="Text over which the gates are drawn; the beginning of the validation text unless given."),
    ] = "",
    layer: Annotated[int, typer.Option(help="Layer whose gates are drawn, from 0.")] = 0,
    output: Annotated[Path | None, typer.Option(help="Folder for the pictures; the run's plots/ unless given.")] = None,
) -> int:
    """Draw a run: its curves, and what its model does with held-out data, or with a piece of text."""
    from gatework.cli.console import out
    from gatework.insight import plot_curves, plot_gates
    from gatework.tasks import find_task
    from gatework.training import RunFolder

    if is_saved_model(run):
        if not text:
            raise InputError(f"{run} is a saved model, which has no data of its own", "give a --text")
        model, target = load_language_model(run), output or Path()
        out.print(str(plot_gates(model, text, target / "gates.png", layer=layer)), markup=False)
        return 0
    folder = RunFolder.find(run)
    target = output or folder.plots
    out.print(str(plot_curves(folder.rows(), target / "loss.png", title=folder.path.name)), markup=False)
    if text:
        pictures = [plot_gates(load_language_model(run), text, target / "gates.png", layer=layer)]
    else:
        trained = load_model(run)
        pictures = find_task(trained.task).pictures(trained, own_data(folder), target, layer=layer)
    for picture in pictures:
        out.print(str(picture), markup=False)
    return 0
