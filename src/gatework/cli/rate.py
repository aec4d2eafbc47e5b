"""gatework rate: which learning rate to take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gatework.cli.options import with_settings
from gatework.cli.setting_up import SECTIONS, merged_config, new_trainer


def register(app: typer.Typer, task: str) -> None:
    """Add the command, with the options of a task in its help."""
    app.command("rate")(with_settings(rate, SECTIONS, shown=[task], leave_out=["sources", "learning_rate"]))


def rate(
    settings: dict[str, dict[str, Any]],
    data: Annotated[
        list[str] | None, typer.Argument(help="Files or folders, as for `gatework train`.", show_default=False)
    ] = None,
    task: Annotated[str | None, typer.Option(help="What is to be learnt, as for `gatework train`.")] = None,
    lowest: Annotated[float, typer.Option(help="The first learning rate.")] = 1e-5,
    highest: Annotated[float, typer.Option(help="The last learning rate.")] = 3.0,
    updates: Annotated[int, typer.Option(help="Updates, each with a higher rate.")] = 150,
    output: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("rates.png"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let the picture replace a file.")] = False,
) -> int:
    """Find a learning rate: train for a moment with rising rates and see where the loss is lowest.

    Takes the options of `gatework train`; nothing of what it learns is kept.

    [bold]Examples[/]

    gatework rate my.txt --hidden-size 512

    gatework rate reviews.csv --task classify --optimizer sgd --highest 30
    """
    from gatework.cli.console import out, program
    from gatework.cli.progress import loading
    from gatework.errors import InputError
    from gatework.insight.rates import plot_rates
    from gatework.tasks import find_task
    from gatework.training.rate_finder import find_rate
    from gatework.training.signals import Interrupted, StopSignals

    if output.exists() and not overwrite:
        raise InputError(f"{output} is there already", "name another file with --output, or add --overwrite")
    config = merged_config(None, settings, data, task)
    config, trainer = new_trainer(find_task(config.task), config)
    with StopSignals() as stop, loading("trying rates") as progress:
        try:
            search = find_rate(
                trainer, lowest=lowest, highest=highest, updates=updates, poll=stop.poll, progress=progress
            )
        except Interrupted as stopped:
            return stopped.status
    plot_rates(search, output, title=f"{config.task}: {trainer.data.name}, {config.training.optimizer}")
    out.print(f"lowest loss {min(search.losses):.4f} at {search.rates[search.losses.index(min(search.losses))]:.2g}")
    out.print(f"[bold]suggested: --learning-rate {search.suggestion:.2g}[/]")
    out.print(f"picture: {output}", markup=False)
    out.print(f"next: {program()} train ... --learning-rate {search.suggestion:.2g}", markup=False)
    return 0
