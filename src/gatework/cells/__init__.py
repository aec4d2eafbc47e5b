"""The equations: one published recurrence per file, or one close family.

Every ``Cell`` subclass in a module of this folder is exported and found by the command line, the docs
and the tests: there is no list to keep.
"""

import importlib
import inspect
import pkgutil

from gatework.cells.cell import Cell, State, TorchForm
from gatework.cells.gate import Gate


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

__all__ = ["CELLS", "Cell", "Gate", "State", "TorchForm", *CELLS]
