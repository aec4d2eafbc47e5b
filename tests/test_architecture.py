"""The rooms of the house: each imports only from those above it; help answers without torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gatework

ROOMS = (
    *("errors", "storage", "settings", "cells", "engine", "layers", "testing", "data", "models"),
    *("training", "generation", "insight", "tasks", "estimators", "studies", "cli", "__main__"),
)
FORBIDDEN = {"cells": {"storage", "settings"}, "data": {"cells", "engine", "layers", "testing"}}
HOUSE = Path(gatework.__file__).parent
FILES = sorted(path for path in HOUSE.rglob("*.py") if path != HOUSE / "__init__.py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("gatework.")} - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_each_room_imports_only_from_those_above_it(path):
    room = path.relative_to(HOUSE).parts[0].removesuffix(".py")
    allowed = set(ROOMS[: ROOMS.index(room) + 1]) - FORBIDDEN.get(room, set())
    assert imported_rooms(path) <= allowed


def test_the_house_has_these_rooms():
    found = {path.relative_to(HOUSE).parts[0].removesuffix(".py") for path in FILES}
    assert found <= set(ROOMS)
    assert {"cells", "engine", "layers", "data", "models", "training", "cli"} <= found
    assert imported_rooms(HOUSE / "engine" / "loop.py") == {"cells", "engine"}


def test_help_needs_no_torch():
    program = (
        "import gatework.cli.main, sys; print(*{'torch', 'numpy', 'matplotlib', 'safetensors'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == []
