"""The examples run, and say what they promise."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_own_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "my.txt"
    text.write_text("the cat sat on the mat. a dog ran to the door.\n" * 60, encoding="utf-8")
    example = runpy.run_path(str(EXAMPLES / "own_cell.py"))
    drawing = tmp_path / "own.svg"
    example["main"](["--text", str(text), "--minutes", "0.02", "--hidden-size", "13", "--draw", str(drawing)])
    said = capsys.readouterr().out
    assert re.match(r"engine compiled: [\d.]+ ms for 32 steps .* the loop [\d.]+ ms, [\d.]+ times as long\n", said)
    bits = float(re.search(r"^([\d.]+) bits a character after [1-9]\d* updates", said, re.MULTILINE)[1])
    assert 0 < bits < 5  # log2 of the text's symbols is 4.2; untrained models are above it
    assert "gate-z" in drawing.read_text()
