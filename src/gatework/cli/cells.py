"""gatework cells: the recurrences there are, and the equations and a drawing of one."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from gatework.cells import Cell

SIZE = 128
WIDEST_GATES = 24
LEGEND = """A box is a gate: W times x and U times what enters from the left (elementwise where the arrow has a ⊙) are
added up, with what enters at a +; then comes the function in the box. Circles work elementwise."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cells")(cells)


def cells(
    name: Annotated[
        str | None,
        typer.Argument(help="A cell whose equations are shown; without it all are listed.", show_default=False),
    ] = None,
    family: Annotated[
        str | None, typer.Option(help="List this family only, for example gru.", show_default=False)
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            help="Draw the cell, its gates and what flows between them, into this .svg, .png or .pdf.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let the drawing replace a file.")] = False,
    cell_option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Draw the cell with this option; again for more.", show_default=False),
    ] = None,
) -> int:
    """List the recurrent cells by family, or show the equations, options and reference of one, or draw it."""
    from gatework.cells import find_cell
    from gatework.errors import InputError

    if name is None:
        if draw or cell_option:
            raise InputError("no cell is named", "for example `gatework cells lstm --draw lstm.svg`")
        _list_all(family)
    elif family:
        raise InputError("--family lists a family", "leave out the name of the cell, or --family")
    elif (overwrite or cell_option) and not draw:
        raise InputError("--overwrite and --cell-option are for a drawing", f"add --draw {name}.svg")
    elif draw:
        _draw(name, draw, overwrite, cell_option or [])
    else:
        _show(find_cell(name))
    return 0


class _Row(NamedTuple):
    """A line of the list."""

    cell: str
    year: str
    states: str
    gates: str
    parameters: str
    what: str


def _list_all(wanted: str | None) -> None:
    from gatework.cli.console import out

    families = _families(wanted)
    rows = {name: [_row(kind) for kind in kinds] for name, kinds in families.items()}
    heading = _Row("cell", "year", "states", "gates", "parameters", "what it is")
    everything = [heading, *(row for group in rows.values() for row in group)]
    widths = [max(map(len, column)) for column in zip(*everything, strict=True)]
    _print_row(heading, widths, "dim")
    for name, group in rows.items():
        description = sys.modules[f"gatework.cells.{name}"].__doc__ or ""
        out.print(f"\n[bold]{name}[/]  [dim]{description.splitlines()[0]}[/]", soft_wrap=True)
        for row in group:
            _print_row(row, widths)
    out.print(
        f"\nParameters with input and hidden size {SIZE}. `gatework cells NAME` shows equations and options, "
        "`gatework cells NAME --draw FILE.svg` draws the cell, `gatework train --cell NAME` trains one.",
        markup=False,
    )


def _families(wanted: str | None) -> dict[str, list[type[Cell]]]:
    """The cells of every family from the oldest to the newest, and so the families."""
    from gatework.cells import CELLS, cell_name, family
    from gatework.errors import InputError, did_you_mean

    found: dict[str, list[type[Cell]]] = {}
    for kind in sorted(CELLS.values(), key=lambda kind: (_year(kind), cell_name(kind))):
        found.setdefault(family(kind), []).append(kind)
    if wanted is None:
        return found
    if wanted.lower() not in found:
        raise InputError(f"there is no family {wanted!r}", did_you_mean(wanted, found))
    return {wanted.lower(): found[wanted.lower()]}


def _year(kind: type[Cell]) -> str:
    """The year in the first line of the docstring: a test sees to it that there is one."""
    years = re.findall(r"\b(?:19|20)\d\d\b", kind.equations().partition("\n")[0])
    return years[0] if years else ""


def _row(kind: type[Cell]) -> _Row:
    from gatework.cells import cell_name

    cell = kind(SIZE, SIZE)
    gates = " ".join(name for name, _ in cell.gates())
    if len(gates) > WIDEST_GATES:
        gates = f"{gates[: WIDEST_GATES - 5].rpartition(' ')[0]} … {len(list(cell.gates()))}"
    parameters = sum(parameter.numel() for parameter in cell.parameters())
    what = kind.equations().partition("\n")[0].rstrip(".")
    return _Row(cell_name(kind), _year(kind), " ".join(cell.states), gates, f"{parameters:,}", what)


def _print_row(row: _Row, widths: list[int], style: str = "") -> None:
    from gatework.cli.console import out

    text = [value.ljust(width) for value, width in zip(row, widths, strict=True)]
    text[4] = row.parameters.rjust(widths[4])
    line = "  ".join(text).rstrip()
    if out.is_terminal and len(line) > out.width:
        line = line[: max(out.width - 1, 0)] + "…"
    out.print(line, markup=False, style=style or None)


def _show(kind: type[Cell]) -> None:
    from gatework.cells import cell_name, cell_options
    from gatework.cli.console import out

    name, options = cell_name(kind), cell_options(kind)
    out.print(f"[bold]{name}[/]\n")
    out.print(kind.equations(), markup=False)
    if options:
        out.print("\n[bold]Options for `gatework train`:[/]")
        for option, default in options.items():
            out.print(f"  --cell-option {option}={_as_word(default)}", markup=False)
    out.print(f"\n`gatework cells {name} --draw {name}.svg` draws it.", markup=False)


def _draw(name: str, target: Path, overwrite: bool, words: list[str]) -> None:
    from gatework.cells import make_cell
    from gatework.cli.console import out
    from gatework.cli.options import read_pairs
    from gatework.engine.trace import UntraceableError
    from gatework.errors import InputError
    from gatework.insight import draw_cell

    if target.exists() and not overwrite:
        raise InputError(f"{target} is there already", "name another file, or add --overwrite")
    try:
        draw_cell(make_cell(name, SIZE, SIZE, read_pairs(words, "--cell-option bias=false")), target)
    except UntraceableError as error:
        raise InputError(f"{name} cannot be drawn: {error}", f"`gatework cells {name}` shows its equations") from error
    out.print(str(target), markup=False)
    out.print(LEGEND, markup=False, style="dim")


def _as_word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
