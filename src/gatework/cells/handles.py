"""Names by which compiled graphs know cells: an operation of PyTorch can be given a word, but no module."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatework.cells.cell import Cell

_living: weakref.WeakValueDictionary[str, Cell] = weakref.WeakValueDictionary()
_kept: dict[str, Cell] = {}
_numbers = itertools.count()


def name(cell: Cell) -> str:
    """Give a cell a name of its own in this process."""
    handle = f"{type(cell).__name__} {next(_numbers)}"
    _living[handle] = cell
    return handle


def find(handle: str) -> Cell | None:
    """The cell of that name; None if it is gone, or lives in another process."""
    return _living.get(handle)


def keep(cell: Cell) -> None:
    """Let a cell live as long as the process: an exported program knows no more than its name."""
    _kept[cell.handle] = cell
