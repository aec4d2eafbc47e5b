"""gatework plot: the pictures of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatework.cli.runs import RunArgument


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
    """Draw a run: its loss curves, and its gates and states while it reads a piece of text."""
    from gatework.cli.console import out
    from gatework.cli.runs import load_model
    from gatework.cli.texts import own_excerpt
    from gatework.insight import plot_curves, plot_gates
    from gatework.training import RunFolder

    folder = RunFolder.find(run)
    target = output or folder.plots
    out.print(str(plot_curves(folder.rows(), target / "loss.png", title=folder.path.name)), markup=False)
    model = load_model(run)
    excerpt = text or own_excerpt(run)
    out.print(str(plot_gates(model, excerpt, target / "gates.png", layer=layer)), markup=False)
    return 0
