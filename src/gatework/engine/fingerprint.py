"""When what was found out about a cell by tracing it has to be found out again.

Seen are the modules of the cell and what their attributes hold: numbers, names, functions, lists and dicts of them, and
numbers and names in other objects. Not seen is what ``step`` reads from elsewhere, module globals and closures above
all: change these before the cell is first run, or make them attributes.
"""

from __future__ import annotations

import weakref
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from gatework.cells import Cell

_PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)
_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, ModuleType, type)
# what torch.nn and Cell keep for themselves
_OWN = frozenset(nn.Module().__dict__.keys() | {"_gate_options", "_handle"}) - {"training"}
_KEPT = 4  # fingerprints of a cell: train() and eval() take turns


class Known:
    """What was found out about cells, none of which it keeps alive, for each of the last few options that one had."""

    def __init__(self) -> None:
        self._cells: weakref.WeakKeyDictionary[Cell, list[tuple[Any, dict[Any, Any]]]] = weakref.WeakKeyDictionary()

    def of(self, cell: Cell) -> dict[Any, Any]:
        """What is known of a cell as it is now, to be filled by the caller."""
        now, kept = fingerprint(cell), self._cells.setdefault(cell, [])
        for then, found in kept:
            if then == now:
                return found
        kept.insert(0, (now, {}))
        del kept[_KEPT:]
        return kept[0][1]


def fingerprint(cell: Cell) -> list[Any]:
    """All that may change what the cell's ``step`` does, except the values of tensors."""
    found: list[Any] = []
    for module in cell.modules():
        if module is not cell:
            found.append(_Same(module))
        found += [(key, value if type(value) in _PLAIN else _seen(value)) for key, value in _options(module)]
        for tensors in (module._parameters, module._buffers):
            found += [(key, None if tensor is None else tensor.shape) for key, tensor in tensors.items()]
    return found


def is_simple(cell: Cell) -> bool:
    """Whether all its options are plain values or functions: then another option is another object."""
    return all(
        isinstance(value, (*_PLAIN, Tensor, BuiltinFunctionType))
        or (isinstance(value, FunctionType) and value.__closure__ is None)
        for module in cell.modules()
        for _, value in _options(module)
    )


def _options(module: nn.Module) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in module.__dict__.items() if key not in _OWN]


def _seen(value: Any) -> Any:
    """What can be compared later without keeping the value, which may hold the cell, alive."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return type(value), [_seen(part) for part in value]
    if isinstance(value, dict):
        return [(key, _seen(part)) for key, part in value.items()]
    if isinstance(value, Tensor):
        return value.shape
    if isinstance(value, _FUNCTIONS):
        return _Same(value)
    attributes = getattr(value, "__dict__", {})
    return _Same(value), [(key, part) for key, part in attributes.items() if isinstance(part, _PLAIN)]


class _Same:
    """Equal to another only while both mean the same living object."""

    def __init__(self, value: Any) -> None:
        try:
            self.refer: Any = weakref.ref(value)
        except TypeError:  # of a class with __slots__
            self.refer = lambda: value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and (mine := self.refer()) is not None and mine is other.refer()

    __hash__ = None  # type: ignore[assignment]
