"""The example that classifies names learns to, and shows what it looks at."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "classify.py"


def test_it_learns_endings(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))["main"](["--epochs", "6"])
    said = capsys.readouterr().out.splitlines()
    assert float(re.match(r"accuracy ([\d.]+) on 120 names", said[0])[1]) > 0.9
    assert len(said) == 4
    for line in said[1:]:
        name = line.partition(":")[0]
        weights = re.findall(r" (\S)([\d.]+)(?= |$)", line.partition(")")[2])
        assert "".join(letter for letter, _ in weights) == name
        assert sum(float(weight) for _, weight in weights) == pytest.approx(1, abs=0.005 * len(name))


def test_a_table_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "mine.tsv"
    table.write_text("".join(f"{'ab'[n % 2] * (1 + n % 7)}\t{'xy'[n % 2]}\n" for n in range(50)))
    runpy.run_path(str(EXAMPLE))["main"](["--names", str(table), "--epochs", "1"])
    assert " on 10 names" in capsys.readouterr().out
