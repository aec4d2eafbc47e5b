"""The example of translation runs and learns something."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_dates(tmp_path, capsys):
    example = runpy.run_path(str(ROOT / "examples" / "translate.py"))
    drawing = tmp_path / "attention.png"
    example["main"](["--pairs", "200", "--epochs", "2", "--hidden-size", "7", "--draw", str(drawing)])
    said = capsys.readouterr().out
    assert re.match(r"[\d.]+% of 20 unseen dates are exact after 6 updates", said)
    assert len(re.findall(r" -> ", said)) == 5
    assert drawing.read_bytes()[:4] == b"\x89PNG"
