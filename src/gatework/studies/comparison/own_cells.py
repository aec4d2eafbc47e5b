"""Cells that a user wrote in a file of their own: loaded by its path, in every process that trains them."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from gatework.cells import Cell, cell_name, find_cell
from gatework.errors import InputError

ENDING = ".py"


@dataclass(frozen=True)
class CellFile:
    """A file of Python that defines a cell.

    Attributes:
        path: where it is.
        digest: of its text, so that trials of an earlier text are not taken for those of this one.
    """

    path: str
    digest: str

    def load(self) -> list[type[Cell]]:
        """Run the file, unless this process has; the cells that it defines.

        Raises:
            InputError: it cannot be read or run, or has changed.
        """
        name = f"gatework_own_{self.digest}"
        if name not in sys.modules:
            if _digest(Path(self.path)) != self.digest:
                raise InputError(f"{self.path} has changed meanwhile", "begin again")
            _run(name, self.path)
        members = vars(sys.modules[name]).values()
        return [one for one in members if isinstance(one, type) and issubclass(one, Cell) and one.__module__ == name]


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})", "check the path") from error


def _run(name: str, path: str) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(
            f"{path} cannot be run ({type(error).__name__}: {error})", f"see that `python {path}` runs"
        ) from error


def named_cell(word: str) -> tuple[str, CellFile | None]:
    """The name of a cell as configurations have it, and the file it is in.

    Args:
        word: a published cell, or one that the program defines, or FILE.py, or FILE.py:CLASS.

    Raises:
        InputError: there is no such cell or file, or the file does not say which of its cells is meant.
    """
    path, colon, wanted = word.rpartition(":")
    if not colon:
        path, wanted = word, ""
    if not path.endswith(ENDING):
        return cell_name(find_cell(word)), None
    file = CellFile(str(Path(path).resolve()), _digest(Path(path)))
    found = {kind.__name__: kind for kind in file.load()}
    if not found:
        raise InputError(f"{path} defines no cell", "a cell is a class NAME(gatework.Cell)")
    if wanted not in found and (wanted or len(found) > 1):
        cause = f"{path} defines no {wanted}" if wanted else f"{path} defines {len(found)} cells"
        raise InputError(cause, "name one: " + ", ".join(f"{path}:{name}" for name in found))
    kind = found[wanted] if wanted else next(iter(found.values()))
    name = cell_name(kind)
    if find_cell(name) is not kind:
        raise InputError(f"there are two cells {name}", "give one class another name")
    return name, file
