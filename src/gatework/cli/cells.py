"""gatework cells: the recurrences there are, and the equations of one."""

from __future__ import annotations

from typing import Annotated

import typer

SIZE = 128


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cells")(cells)


def cells(
    name: Annotated[
        str | None,
        typer.Argument(help="A cell whose equations are shown; without it all are listed.", show_default=False),
    ] = None,
) -> int:
    """List the recurrent cells, or show the equations, options and reference of one."""
    from gatework.cells import find_cell

    if name is None:
        _list_all()
    else:
        _show(find_cell(name))
    return 0


def _list_all() -> None:
    from rich.table import Column, Table

    from gatework.cells import CELLS, cell_name
    from gatework.cli.console import out

    name = Column("cell", no_wrap=True)
    table = Table(name, "states", "gates", f"parameters at {SIZE} x {SIZE}", "what it is", box=None, pad_edge=False)
    for kind in CELLS.values():
        cell = kind(SIZE, SIZE)
        table.add_row(
            cell_name(kind),
            " ".join(cell.states),
            " ".join(name for name, _ in cell.gates()),
            f"{sum(parameter.numel() for parameter in cell.parameters()):,}",
            kind.equations().splitlines()[0],
        )
    out.print(table)
    out.print(
        "\n`gatework cells NAME` shows equations and options; `gatework train --cell NAME` trains one.",
        markup=False,
    )


def _show(kind: type) -> None:
    from gatework.cells import cell_name, cell_options
    from gatework.cli.console import out

    options = cell_options(kind)
    out.print(f"[bold]{cell_name(kind)}[/]\n")
    out.print(kind.equations(), markup=False)  # type: ignore[attr-defined]  # every Cell has it
    if options:
        out.print("\n[bold]Options for `gatework train`:[/]")
        for option, default in options.items():
            out.print(f"  --cell-option {option}={_as_word(default)}", markup=False)


def _as_word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
