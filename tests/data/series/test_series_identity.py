"""Series are told apart by more than their names: by their files, their values and how their times step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gatework.data.series.series import SeriesTable, read_series
from gatework.data.series.series_codec import SeriesCodec, end_of
from gatework.data.series.series_dataset import load_series
from gatework.data.series.series_identity import goes_on, namesakes, series_of
from gatework.data.series.series_windows import last_window
from gatework.data.series.transforms import Statistics
from gatework.errors import InputError
from gatework.settings.tasks.forecast import ForecastData

VALUES = np.round(np.random.default_rng(5).normal(size=120), 3)


def write(path: Path, values: np.ndarray, first: str | None = "2024-01-01", step: int = 1) -> Path:
    path.parent.mkdir(exist_ok=True)
    if first is None:
        path.write_text("sold\n" + "".join(f"{value}\n" for value in values))
        return path
    days = np.datetime64(first) + step * np.arange(len(values))
    path.write_text("day,sold\n" + "".join(f"{day},{value}\n" for day, value in zip(days, values, strict=True)))
    return path


def table(*place: object, **options: object) -> SeriesTable:
    return read_series(str(write(*place, **options)))  # type: ignore[arg-type]


def codec_of(path: Path) -> SeriesCodec:
    sizes = {"horizon": 5, "context": 11, "season": 3, "scaled_over": "series"}
    return load_series(ForecastData(sources=[str(path)], **sizes)).codec


def test_files_of_one_stem_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    a, b = (table(tmp_path / folder / "shops.csv", VALUES) for folder in ("a", "b"))
    c = table(tmp_path / "c" / "cafes.csv", VALUES)
    assert [one.name for one in series_of([a, b, c])] == ["a/shops sold", "b/shops sold", "cafes sold"]
    assert [one.name for one in series_of([b], known=["a/shops sold", "b/shops sold"])] == ["b/shops sold"]
    assert [one.name for one in series_of([b], known=["sold", "shops sold"])] == ["sold"]
    with pytest.raises(InputError, match=r"2 series are called .*: give each table once"):
        series_of([a, a])


@pytest.mark.parametrize("first", ["2024-01-01", None])
def test_a_series_goes_on_if_it_holds_the_end(tmp_path: Path, first: str | None) -> None:
    whole = table(tmp_path / "s.csv", VALUES, first=first).series[0]
    early = table(tmp_path / "t.csv", VALUES[:97], first=first).series[0]
    other = table(tmp_path / "o.csv", VALUES[::-1], first=first).series[0]
    end = end_of(early, 13)
    assert goes_on(early, end)
    assert goes_on(whole, end)
    assert not goes_on(other, end)
    assert not goes_on(end_of(whole, 7), end)


def test_dates_allow_corrections_and_new_files(tmp_path: Path) -> None:
    end = end_of(table(tmp_path / "s.csv", VALUES).series[0], 13)
    corrected = VALUES.copy()
    corrected[[-2, -9]] += 1
    assert goes_on(table(tmp_path / "c.csv", corrected).series[0], end)
    following = str(np.datetime64("2024-01-01") + len(VALUES))
    assert goes_on(table(tmp_path / "f.csv", VALUES[::-1], first=following).series[0], end)
    assert not goes_on(table(tmp_path / "l.csv", VALUES, first="2025-01-01").series[0], end)
    assert not goes_on(table(tmp_path / "n.csv", VALUES, first=None).series[0], end)


def test_a_namesake_is_scaled_by_its_own_values(tmp_path: Path) -> None:
    codec = codec_of(write(tmp_path / "s.csv", VALUES))
    other = table(tmp_path / "o.csv", 1000 * VALUES[::-1]).series[0]
    prepared = codec.prepare(other, ahead=5)
    assert (prepared.number, prepared.statistics) == (0, None)
    own = Statistics.of(1000 * VALUES[::-1], codec.config)
    np.testing.assert_allclose(last_window(prepared, codec).statistics, own)
    assert codec.prepare(codec.ends[0], ahead=5).statistics == codec.statistics[0]
    (note,) = namesakes([other, codec.ends[0]], codec.ends)
    assert "sold is called as a series of the training" in note


def test_other_steps_are_refused(tmp_path: Path) -> None:
    codec = codec_of(write(tmp_path / "s.csv", VALUES))
    weekly = table(tmp_path / "w.csv", VALUES, step=7).series[0]
    with pytest.raises(InputError, match="sold step weekly, those of the training daily: give a series of such steps"):
        codec.prepare(weekly)
    unsteady = np.cumsum(1 + np.arange(40) % 13)
    days = np.datetime64("2024-01-01") + unsteady
    (tmp_path / "u.csv").write_text("day,sold\n" + "".join(f"{day},{n}\n" for n, day in enumerate(days)))
    codec.prepare(read_series(str(tmp_path / "u.csv")).series[0])  # no step of its own


def test_working_days_without_a_weekend_are_working_days(tmp_path: Path) -> None:
    days = np.busday_offset("2024-01-01", np.arange(120))
    path = tmp_path / "s.csv"
    path.write_text("day,sold\n" + "".join(f"{day},{n % 7}\n" for n, day in enumerate(days)))
    codec = codec_of(path)
    assert codec.ends[0].stepping is not None
    assert codec.ends[0].stepping.name == "each working day"
    codec.prepare(table(tmp_path / "w.csv", VALUES[:5], first="2024-07-01").series[0])
    with pytest.raises(InputError, match="step daily"):
        codec.prepare(table(tmp_path / "d.csv", VALUES[:7], first="2024-07-01").series[0])
