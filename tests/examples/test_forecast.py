"""The example of a forecast runs, and its forecasts begin on the day after the data."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def test_forecast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = runpy.run_path(str(ROOT / "examples" / "forecast.py"))
    example["main"](["--days", "280", "--epochs", "1", "--draw", str(tmp_path)])
    said = capsys.readouterr().out
    mase = [
        float(number) for number in re.findall(r"^(?:model|seasonal naive \(7\)|naive \(1\)) +([\d.]+)", said, re.M)
    ]
    assert len(mase) == 3
    assert 0 < mase[0] < mase[2]  # yesterday's value is a poor forecast of a weekly pattern
    forecasts = [line.split("\t") for line in said.splitlines() if line.startswith(("North", "South"))]
    assert len(forecasts) == 28
    assert forecasts[0][:2] == ["North", "2022-10-10"]
    assert all(float(low) <= float(middle) <= float(high) for *_, low, middle, high in forecasts)
    assert len(list(tmp_path.glob("forecast-*.png"))) == 2
