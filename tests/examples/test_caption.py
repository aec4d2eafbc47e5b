"""The example of captions runs and learns something."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def test_scenes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(ROOT / "examples" / "caption.py"))["main"]
    main(["--scenes", "60", "--epochs", "3", "--hidden-size", "11", "--draw", str(tmp_path / "drawn")])
    said = capsys.readouterr().out
    assert re.match(r"[\d.]+% of 6 captions exact, [\d.]+% of words, after \d+ updates\n", said)
    assert said.count("\n") == 6
    drawn = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert drawn == ["attention.png", *(f"scene-{number}.png" for number in range(5))]
