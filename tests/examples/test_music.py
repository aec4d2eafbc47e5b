"""The example of music learns more than how often notes sound, and writes MIDI."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from gatework.data.music.midi import read_midi

ROOT = Path(__file__).parent.parent.parent


def test_music(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = runpy.run_path(str(ROOT / "examples" / "music.py"))
    target = tmp_path / "tune.mid"
    example["main"](["--pieces", "40", "--epochs", "20", "--output", str(target)])
    found = re.search(r"^([\d.]+) nats .* alone ([\d.]+)$", capsys.readouterr().out, re.MULTILINE)
    assert found
    assert float(found[1]) < float(found[2])
    assert 8 < len(read_midi(target).roll) <= 40
