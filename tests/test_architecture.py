"""The rooms of the house: each imports only from those above it; help answers without torch."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gatework
import gatework.data

ROOMS = (
    *("errors", "storage", "settings", "cells", "engine", "layers", "testing", "data", "models"),
    *("training", "generation", "insight", "tasks", "estimators", "studies", "cli", "__main__"),
)
FORBIDDEN = {"cells": {"storage", "settings"}, "data": {"cells", "engine", "layers", "testing"}}
SHARED_DATA = ("codec", "scaling", "dataset", "batches", "padding")
CHAPTERS = (
    *("files", "text", "corpora", "series", "sound", "labelled", "tagging", "translation", "music", "pictures"),
)
HOUSE = Path(gatework.__file__).parent
FILES = sorted(path for path in HOUSE.rglob("*.py") if path != HOUSE / "__init__.py")
IN_CHAPTERS = [path for path in FILES if path.parent.parent == HOUSE / "data"]


def imported_rooms(path: Path, house: str = "gatework.") -> set[str]:
    """The rooms (chapters, of a room) that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix(house).split(".")[0] for name in names if name.startswith(house)} - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_each_room_imports_only_from_those_above_it(path):
    room = path.relative_to(HOUSE).parts[0].removesuffix(".py")
    allowed = set(ROOMS[: ROOMS.index(room) + 1]) - FORBIDDEN.get(room, set())
    assert imported_rooms(path) <= allowed


@pytest.mark.parametrize("path", IN_CHAPTERS, ids=lambda path: path.name)
def test_each_chapter_of_the_data_builds_only_on_those_before_it(path):
    chapter = path.parent.name
    before = {*SHARED_DATA, *CHAPTERS[: CHAPTERS.index(chapter) + 1]}
    assert imported_rooms(path, "gatework.data.") <= before


def test_what_all_data_share_knows_no_chapter():
    for name in SHARED_DATA:
        assert imported_rooms(HOUSE / "data" / f"{name}.py", "gatework.data.") <= set(SHARED_DATA)
    assert {path.parent.name for path in IN_CHAPTERS} == set(CHAPTERS)
    shown = gatework.data.__doc__.partition("each")[2]
    assert re.findall(r"``(\w+)``", shown) == list(CHAPTERS)


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
