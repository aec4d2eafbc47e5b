"""Names by which compiled graphs know cells: an operation of PyTorch can be given a word, but no module.

Within a process a cell has a name of its own. A program that is exported to a file names the cell by what it is made
of, its class and its constructor's arguments, from which any process that knows the class makes it again.
"""

from __future__ import annotations

import itertools
import json
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

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
    """The cell of that name; None if it is gone, lives in another process, or is of a class that nobody imported.

    A cell made from what it consists of has no values in its parameters: it is to be run with others.
    """
    if handle.startswith("{") and handle not in _kept:
        made = _made(json.loads(handle))
        if made is None:
            return None
        _kept[handle] = made
    return _kept.get(handle) or _living.get(handle)


def keep(cell: Cell) -> str:
    """A name that lives as long as an exported program, which knows no more of the cell.

    It says what the cell consists of, unless that is more than its constructor was given (attributes changed later,
    functions, modules): then the name is this process's, in which the cell stays.
    """
    arguments, options = cell.made_with
    kind = f"{type(cell).__module__}.{type(cell).__qualname__}"
    try:
        handle = json.dumps({"cell": kind, "arguments": arguments, "options": options}, allow_nan=False)
    except (TypeError, ValueError):
        handle = ""
    other = find(handle) if handle else None
    if other is not None and _parts(other) == _parts(cell):
        return handle
    _kept[cell.handle] = cell
    return cell.handle


def _made(described: dict[str, Any]) -> Cell | None:
    """Make a cell of a class that is imported already: a file must not choose what is imported."""
    names = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in _classes()}
    kind = names.get(described["cell"])
    if kind is None:
        return None

    def make() -> Cell:
        with torch.device("meta"):
            return kind(*described["arguments"], **described["options"])

    with ThreadPoolExecutor(1) as elsewhere:  # where no program that is being exported would record it
        return elsewhere.submit(make).result()


def _classes() -> list[type[Cell]]:
    from gatework.cells.cell import Cell  # which itself asks for names

    found: list[type[Cell]] = [Cell]
    for known in found:
        found += known.__subclasses__()
    return found[1:]


_NAMES = {"_handle", "_made_with", "training", *vars(nn.Module())}


def _parts(cell: Cell) -> list[Any]:
    """All that tells what a cell does, to be compared with another's: what is neither plain nor the same differs."""
    found: list[Any] = []
    for path, module in cell.named_modules():
        options = {key: value for key, value in vars(module).items() if key not in _NAMES}
        if any(isinstance(value, torch.Tensor) for value in options.values()):
            found.append(object())
        tensors = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
        watched = bool(module._forward_hooks or module._forward_pre_hooks)
        found.append((path, type(module), watched, [(key, part.shape) for key, part in tensors], options))
    return found
