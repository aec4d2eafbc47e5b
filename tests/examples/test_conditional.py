"""The example of text of a given kind writes numbers of the language that is asked for."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "conditional.py"


def test_numbers_of_a_language(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))["main"](["--epochs", "40"])
    said = capsys.readouterr().out
    right = dict(re.findall(r"^(\w+): .*: (\d+) of 40", said, re.MULTILINE))
    assert right.keys() == {"English", "German"}
    assert all(int(count) > 20 for count in right.values()), said
