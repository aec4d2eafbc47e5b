"""When what was found out about a cell by tracing it has to be found out again.

Seen are the modules of the cell and what their attributes hold: numbers, names, functions, lists and dicts of them, and
numbers and names in other objects. Not seen is what ``step`` reads from elsewhere, module globals and closures above
all: change these before the cell is first run, or make them attributes.
"""

from __future__ import annotations

import weakref
from operator import itemgetter
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from gatework.cells import Cell

_PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)
_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, ModuleType, type)
# what torch.nn and Cell keep for themselves
_OWN = frozenset(nn.Module().__dict__.keys() | {"_gate_options", "_handle", "_made_with"}) - {"training"}
_KEPT = 4  # fingerprints of a cell: train() and eval() take turns


class Known:
    """What was found out about cells, none of which it keeps alive, for each of the last few options that one had."""

    def __init__(self) -> None:
        self._last: weakref.WeakKeyDictionary[Cell, tuple[Snapshot, dict[Any, Any]]] = weakref.WeakKeyDictionary()
        self._cells: weakref.WeakKeyDictionary[Cell, list[tuple[Any, dict[Any, Any]]]] = weakref.WeakKeyDictionary()

    def of(self, cell: Cell) -> dict[Any, Any]:
        """What is known of a cell as it is now, to be filled by the caller."""
        last = self._last.get(cell)
        if last is not None and last[0].holds():
            return last[1]
        now, kept = fingerprint(cell), self._cells.setdefault(cell, [])
        found = next((found for then, found in kept if then == now), None)
        if found is None:
            found = {}
            kept.insert(0, (now, found))
            del kept[_KEPT:]
        if is_simple(cell) and _owns_its_tensors(cell):
            self._last[cell] = Snapshot(cell), found
        return found


class Snapshot:
    """The very objects that a simple cell is made of: a quick test that nothing was replaced. It keeps no cell alive.

    Args:
        cell: of which ``is_simple`` holds.
    """

    def __init__(self, cell: Cell) -> None:
        self._modules = []
        self._values: list[Any] = []  # kept, so that no other object gets the same identity
        for module in cell.modules():
            options = _options(module)
            self._values += [value for _, value in options]
            self._values += [*module._parameters.values(), *module._buffers.values()]
            self._modules.append((weakref.ref(module), itemgetter("training", *dict(options))))
        self._seen = self._now()

    def holds(self) -> bool:
        """Whether the cell is still made of the same objects, and its tensors have the same shapes."""
        return self._seen == self._now()

    def _now(self) -> tuple[list[int], list[torch.Size]] | None:
        objects: list[Any] = []
        tensors: list[Tensor | None] = []
        for refer, options in self._modules:
            module = refer()
            if module is None:
                return None
            attributes = module.__dict__
            try:
                objects += options(attributes)
            except KeyError:  # one was deleted
                return None
            objects.append(len(attributes))
            objects += attributes["_modules"].values()
            tensors += attributes["_parameters"].values()
            tensors += attributes["_buffers"].values()
        objects += tensors
        return [*map(id, objects)], [tensor.shape for tensor in tensors if tensor is not None]


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


def _owns_its_tensors(cell: Cell) -> bool:
    """Whether none of its parameters stands in for another for one run, after which it must not be kept."""
    return all(isinstance(parameter, nn.Parameter) for parameter in cell.parameters())


def is_simple(cell: Cell) -> bool:
    """Whether all its options are plain values or functions: then another option is another object."""
    return all(_is_simple(value) for module in cell.modules() for _, value in _options(module))


def _is_simple(value: Any) -> bool:
    if isinstance(value, FunctionType):
        kept = (*(value.__defaults__ or ()), value.__closure__, value.__kwdefaults__)
        return all(isinstance(part, _PLAIN) for part in kept)
    return isinstance(value, (*_PLAIN, Tensor, BuiltinFunctionType))


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
