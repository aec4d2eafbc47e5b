"""The named results of runs in exported programs: what a file says of them, and what a process makes of that."""

from __future__ import annotations

from torch.utils import _pytree

from gatework.cells import CELLS, Cell
from gatework.engine.contract import Result


def register(kind: type[Cell]) -> None:
    """Let exported programs whose results hold states of a cell be saved and loaded, once its class is imported."""
    _register(kind.State, f"{kind.__module__}.{kind.__qualname__}.State")


def _register(kind: type, name: str) -> None:
    if name not in _pytree.SERIALIZED_TYPE_TO_PYTHON_TYPE and kind not in _pytree.SUPPORTED_NODES:
        _pytree._register_namedtuple(kind, serialized_type_name=name)


_register(Result, "gatework.Result")
for _published in CELLS.values():
    register(_published)
