"""gatework explain: what the compiled engine makes of a cell."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    name: Annotated[str, typer.Argument(metavar="CELL", help="A cell; `gatework cells` lists them.")],
    input_size: Annotated[int, typer.Option(help="Width of the input.", min=1)] = 128,
    hidden_size: Annotated[int, typer.Option(help="Width of the state.", min=1)] = 128,
    time: Annotated[int, typer.Option(help="Steps of the run that is planned.", min=1)] = 100,
    batch: Annotated[int, typer.Option(help="Rows of the run that is planned.", min=1)] = 32,
    source: Annotated[bool, typer.Option("--source", help="End with the generated C.")] = False,
) -> int:
    """Show a cell's equations, its traced step, the operations of its kernel, and which engine runs it and why."""
    import torch

    from gatework.cells import make_cell
    from gatework.cli.console import out
    from gatework.engine import checked_call, verdicts
    from gatework.engine.explain import explain as described
    from gatework.engine.trace import UntraceableError

    cell = make_cell(name, input_size, hidden_size, {})
    engines = verdicts(checked_call(cell, torch.zeros(time, batch, input_size)))
    try:
        out.print(described(cell, source=source), markup=False)
    except UntraceableError as error:
        out.print(f"{cell.equations()}\n\nNo kernel is made of it: {error}", markup=False)
    out.print(f"\nEngines for {time} steps of {batch} rows, the most wanted first", markup=False)
    for engine, verdict in engines.items():
        out.print(f"  {engine}: {verdict}", markup=False)
    return 0
