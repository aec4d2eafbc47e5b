"""Examples and the gallery of cells run, and do what they promise."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import pytest

from gatework.cells import CELLS, cell_name
from gatework.studies import study_names

ROOT = Path(__file__).parent.parent


def test_own_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "my.txt"
    text.write_text("the cat sat on the mat. a dog ran to the door.\n" * 60, encoding="utf-8")
    example = runpy.run_path(str(ROOT / "examples" / "own_cell.py"))
    drawing = tmp_path / "own.svg"
    example["main"](["--text", str(text), "--minutes", "0.02", "--hidden-size", "13", "--draw", str(drawing)])
    said = capsys.readouterr().out
    assert re.match(r"engine compiled: [\d.]+ ms for 32 steps .* the loop [\d.]+ ms, [\d.]+ times as long\n", said)
    bits = float(re.search(r"^([\d.]+) bits a character after [1-9]\d* updates", said, re.MULTILINE)[1])
    assert 0 < bits < 5  # log2 of the text's symbols is 4.2; untrained models are above it
    assert "gate-z" in drawing.read_text()


def test_the_gallery_shows_cells_with_their_drawings(tmp_path: Path) -> None:
    main = runpy.run_path(str(ROOT / "docs" / "gallery.py"))["main"]
    shown = {name: CELLS[name] for name in ("Elman", "GRU", "GRUResetAfter", "LSTM")}  # all can be drawn: test_drawing
    assert main.__globals__["CELLS"] is CELLS
    main.__globals__["CELLS"] = shown
    main([str(tmp_path / "pages")])
    page = (tmp_path / "pages" / "cells.md").read_text(encoding="utf-8")
    assert re.findall("^## (.+)$", page, re.MULTILINE) == ["simple", "gru", "lstm"]
    assert re.findall("^### (.+)$", page, re.MULTILINE) == [cell_name(kind) for kind in shown.values()]
    assert all(kind.equations().splitlines()[0] in page for kind in shown.values())
    pictures = re.findall(r"^!\[.*\]\((.+)\)$", page, re.MULTILINE)
    assert [(tmp_path / "pages" / picture).read_bytes()[:5] for picture in pictures] == [b"<?xml"] * 4


def test_the_page_of_studies_is_what_their_folders_hold(tmp_path: Path) -> None:
    main = runpy.run_path(str(ROOT / "docs" / "studies.py"))["main"]
    shutil.copytree(ROOT / "docs" / "studies", tmp_path / "studies", ignore=shutil.ignore_patterns("trials", "*.png"))
    page = tmp_path / "studies" / "README.md"
    committed = page.read_text(encoding="utf-8")
    main([str(page.parent)])
    assert page.read_text(encoding="utf-8") == committed, "run make docs-studies"
    assert re.findall(r"`gatework study ([\w-]+)", committed) == study_names()
    links = re.findall(r"\]\(([\w/.-]+\.md)\)", committed)
    assert all((ROOT / "docs" / "studies" / link).is_file() for link in links)
