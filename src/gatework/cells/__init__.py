"""The equations: one published recurrence per file, or one close family.

Every ``Cell`` subclass in a module of this folder is exported and found by the command line, the docs
and the tests: there is no list to keep.
"""

import importlib
import inspect
import pkgutil
import re

from gatework.cells.cell import Cell, State, TorchForm
from gatework.cells.gate import Gate
from gatework.errors import InputError, did_you_mean


def _published() -> dict[str, type[Cell]]:
    found: dict[str, type[Cell]] = {}
    for module in pkgutil.iter_modules(__path__):
        members = vars(importlib.import_module(f"{__name__}.{module.name}"))
        found |= {
            name: member
            for name, member in members.items()
            if inspect.isclass(member)
            and issubclass(member, Cell)
            and member is not Cell
            and member.__module__ == f"{__name__}.{module.name}"
        }
    return dict(sorted(found.items()))


CELLS: dict[str, type[Cell]] = _published()
"""The published cells by class name."""

globals().update(CELLS)

__all__ = ["CELLS", "Cell", "Gate", "State", "TorchForm", "cell_name", "find_cell", *CELLS]


def cell_name(cell: type[Cell]) -> str:
    """The name of a cell in commands and configurations: ``GRUResetAfter`` is ``gru-reset-after``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cell.__name__).lower()


def find_cell(name: str) -> type[Cell]:
    """The published cell of a name, as ``cell_name`` or the class spells it.

    Raises:
        InputError: there is none.
    """
    by_name = {_plain(cell_name(cell)): cell for cell in CELLS.values()}
    try:
        return by_name[_plain(name)]
    except KeyError:
        raise InputError(f"there is no cell {name!r}", did_you_mean(name, map(cell_name, CELLS.values()))) from None


def _plain(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()
