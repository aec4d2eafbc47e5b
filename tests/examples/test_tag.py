"""The example of tagging runs on little data and says what it found."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "tag.py"


def test_it_tags_names_that_it_never_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))["main"](["--epochs", "3", "--run", str(tmp_path / "run")])
    *figures, first, second, third = capsys.readouterr().out.splitlines()
    assert figures[0].startswith("accuracy ")
    spans = next(line for line in figures if line.startswith("span f1"))
    assert float(spans.split()[-1]) > 0.5  # names of which nearly none is in the training part
    assert all(re.search(r"[.?]", line) for line in (first, second, third))
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()
