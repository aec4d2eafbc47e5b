"""The example that writes Morse code down: messages are what they say, and learning them is begun."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "transcribe.py"


def test_it_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "heard.png"
    words = ["--messages", "20", "--epochs", "1", "--hidden-size", "7", "--picture", str(picture)]
    runpy.run_path(str(EXAMPLE))["main"](words)
    said = capsys.readouterr().out
    assert re.match(r"4 updates, \d+ s\n", said)  # 16 messages by 4
    assert len(re.findall(r"^sent \w+ +heard", said, re.MULTILINE)) == 2
    share = float(re.search(r"^([\d.]+)% of [1-9]\d* letters are wrong", said, re.MULTILINE)[1])
    assert share > 0  # it has hardly begun
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_messages_are_morse_code() -> None:
    example = runpy.run_path(str(EXAMPLE))
    sound = example["beeps"]("ane", np.random.default_rng(3))
    signs = ".#.###...###.#...#..."
    unit = len(sound) / len(signs)
    loud = np.array(
        [np.abs(sound[round(place * unit) : round((place + 1) * unit)]).mean() > 0.1 for place in range(len(signs))]
    )
    assert "".join(".#"[on] for on in loud.tolist()) == signs
