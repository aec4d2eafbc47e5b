"""When what was found out about a cell by tracing it has to be found out again."""

from __future__ import annotations

from typing import Any

from gatework.cells import Cell


def fingerprint(cell: Cell) -> tuple[Any, ...]:
    """All that may change what the cell's ``step`` does."""
    options = ((key, value) for key, value in cell.__dict__.items() if _is_option(key, value))
    return (cell.training, *cell._modules.values(), *options)


def _is_option(name: str, value: Any) -> bool:
    """Whether an attribute may change what ``step`` does. Tensors cannot: they are read anew for every run."""
    kinds = (bool, int, float, str, tuple, type(None))
    return not name.startswith("_") and (isinstance(value, kinds) or callable(value))
