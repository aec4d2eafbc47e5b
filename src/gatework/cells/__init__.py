"""The equations: one published recurrence per file, or one close family; a folder is a family.

Every ``Cell`` subclass in a module of these folders is exported and found by the command line, the docs
and the tests: there is no list to keep.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gatework.cells.activations import ACTIVATIONS
from gatework.cells.cell import DEFAULT_OPTIONS, Cell, CellOptions, Drop, State, TorchForm
from gatework.cells.gate import Gate
from gatework.errors import InputError, did_you_mean


def _published() -> dict[str, type[Cell]]:
    found: dict[str, type[Cell]] = {}
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        members = vars(importlib.import_module(module.name))
        found |= {
            name: member
            for name, member in members.items()
            if inspect.isclass(member)
            and issubclass(member, Cell)
            and member is not Cell
            and member.__module__ == module.name
        }
    return dict(sorted(found.items()))


CELLS: dict[str, type[Cell]] = _published()
"""The published cells by class name."""

globals().update(CELLS)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The cells, which type checkers cannot find in the folders."""


__all__ = [
    "ACTIVATIONS",
    "CELLS",
    "Cell",
    "CellOptions",
    "Drop",
    "Gate",
    "State",
    "TorchForm",
    "cell_name",
    "cell_options",
    "family",
    "find_cell",
    "make_cell",
    *CELLS,
]


def cell_name(cell: type[Cell]) -> str:
    """The name of a cell in commands and configurations: ``GRUResetAfter`` is ``gru-reset-after``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cell.__name__).lower()


def family(cell: type[Cell]) -> str:
    """The folder that a published cell is in: ``"gru"``; ``"own"`` for others."""
    path = cell.__module__.removeprefix(f"{__name__}.").split(".")
    return path[0] if len(path) == 2 and cell.__module__.startswith(__name__) else "own"


def find_cell(name: str) -> type[Cell]:
    """The cell of a name, as ``cell_name`` or the class spells it: a published one, or one that the program defines.

    A class that was defined again, as in a notebook, is the one defined last.

    Raises:
        InputError: there is none, or a published and another have this name.
    """
    published = [cell for cell in CELLS.values() if _plain(cell_name(cell)) == _plain(name)]
    own = [
        cell for cell in _descendants(Cell) if cell not in CELLS.values() and _plain(cell_name(cell)) == _plain(name)
    ]
    if published and own:
        raise InputError(
            f"{name!r} is a published cell and also {own[-1].__module__}.{own[-1].__qualname__}",
            "give your class another name",
        )
    if not published and not own:
        raise InputError(f"there is no cell {name!r}", did_you_mean(name, map(cell_name, CELLS.values())))
    return (published or own)[-1]


def cell_options(kind: type[Cell]) -> dict[str, Any]:
    """The options of a cell's constructor and what they are unless said: its own, then the shared ones."""
    own = list(inspect.signature(kind).parameters.values())[2:]
    shared = any(parameter.kind is parameter.VAR_KEYWORD for parameter in own)
    named = {parameter.name: parameter.default for parameter in own if parameter.kind is not parameter.VAR_KEYWORD}
    common = {**DEFAULT_OPTIONS, **kind.defaults} if shared else {}
    return named | {name: value for name, value in common.items() if name not in kind.fixed}


def make_cell(name: str, input_size: int, hidden_size: int, options: Mapping[str, Any]) -> Cell:
    """Make the cell of a name with some of its constructor's options.

    Raises:
        InputError: there is no such cell or option, or an option is of the wrong kind or out of range.
    """
    kind = find_cell(name)
    known = cell_options(kind)
    for option, value in options.items():
        if option not in known:
            remedy = did_you_mean(option, known) if known else f"{name} has no options"
            raise InputError(f"cell {name} has no option {option!r}", remedy)
        if isinstance(known[option], bool) and not isinstance(value, bool):
            raise InputError(f"cell {name}: {option} is {value!r}", "it must be true or false")
    try:
        return kind(input_size, hidden_size, **options)
    except (TypeError, ValueError) as error:
        raise InputError(f"cell {name}: {error}", f"`gatework cells {name}` shows its options") from error


def _descendants(kind: type[Cell]) -> Iterator[type[Cell]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


def _plain(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()
