"""Modules that stand in for others during one run: the same steps, with other tensors in the place of their own.

Unlike ``torch.func.functional_call`` it leaves the module itself alone, so that threads may run it side by side.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MethodType
from typing import Any

from torch import Tensor, nn
from torch.nn.utils import parametrize

from gatework.cells import Cell

Copies = weakref.WeakKeyDictionary[nn.Module, nn.Module]
"""A cell and all modules inside, each with its copy."""

_free: weakref.WeakKeyDictionary[Cell, list[Copies]] = weakref.WeakKeyDictionary()


@contextmanager
def standing_in(cell: Cell, tensors: Mapping[str, Tensor]) -> Iterator[Cell]:
    """Lend a cell that does what this one does, with other tensors.

    It is one of a few, as many as runs overlap, that are used again: what engines know about it stays known.

    Args:
        cell: the one that it stands in for.
        tensors: name of a parameter or buffer -> what is in its place, and of all that are tied to it.

    Raises:
        ValueError: the cell has no parameter or buffer of that name.
    """
    free = _free.setdefault(cell, [])
    try:
        copies = free.pop()
    except IndexError:
        copies = Copies()
    try:
        yield _filled(cell, copies, tensors)
    finally:
        for copy in copies.values():
            vars(copy).clear()  # it must not keep the tensors, nor the cell, alive
        free.append(copies)


def stand_in(cell: Cell, tensors: Mapping[str, Tensor]) -> Cell:
    """As ``standing_in``, for as long as anyone holds it."""
    return _filled(cell, Copies(), tensors)


def _filled(cell: Cell, copies: Copies, tensors: Mapping[str, Tensor]) -> Cell:
    placed, computed = _places(cell, tensors)
    modules = list(cell.modules())
    for module in modules:
        if module not in copies:
            kind = parametrize.type_before_parametrizations(module)
            copies[module] = object.__new__(kind)

    def own(given: Mapping[str, Tensor | None]) -> dict[str, Tensor | None]:
        return {name: placed.get(id(tensor), tensor) for name, tensor in given.items()}

    for module in modules:
        vars(copies[module]).update(
            {name: value if name in _BARE else _moved(value, copies) for name, value in vars(module).items()},
            _parameters=own(module._parameters),
            _buffers=own(module._buffers),
            _modules={name: child if child is None else copies[child] for name, child in module._modules.items()},
        )
    for module in filter(parametrize.is_parametrized, modules):
        copy = copies[module]
        for name, made in copy._modules.pop("parametrizations").items():  # type: ignore[union-attr, operator]
            value = computed[module, name] if (module, name) in computed else made()
            copy._parameters[name] = value  # type: ignore[assignment]  # a tensor serves as well
    return copies[cell]  # type: ignore[return-value]  # the copy of a cell is a cell


_BARE = vars(nn.Module()).keys()


def _places(cell: Cell, tensors: Mapping[str, Tensor]) -> tuple[dict[int, Tensor], dict[tuple[nn.Module, str], Tensor]]:
    """What stands in for each tensor, by its id, and for each one that a parametrization computes."""
    placed: dict[int, Tensor] = {}
    computed: dict[tuple[nn.Module, str], Tensor] = {}
    for name, tensor in tensors.items():
        path, _, last = name.rpartition(".")
        module = cell.get_submodule(path)
        replaced = module._parameters.get(last, module._buffers.get(last))
        if replaced is not None:
            placed[id(replaced)] = tensor
        elif parametrize.is_parametrized(module, last):
            computed[module, last] = tensor
        else:
            raise ValueError(f"{name} is neither a parameter nor a buffer of {type(cell).__name__}")
    return placed, computed


def _moved(value: Any, copies: Copies) -> Any:
    """An attribute, speaking of the copies where it spoke of the modules."""
    if isinstance(value, nn.Module):
        return copies.get(value, value)
    if isinstance(value, MethodType) and isinstance(value.__self__, nn.Module):
        return MethodType(value.__func__, copies.get(value.__self__, value.__self__))
    if type(value) in (tuple, list):
        parts = [_moved(part, copies) for part in value]
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else type(value)(parts)
    if type(value) is dict:
        found = {name: _moved(part, copies) for name, part in value.items()}
        return value if all(found[name] is part for name, part in value.items()) else found
    return value
