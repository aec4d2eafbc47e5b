"""Series cut into windows: parts follow each other in time, and nothing of the future is seen before it came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatework.data.codec import load_codec, save_codec
from gatework.data.series.series_codec import SeriesCodec
from gatework.data.series.series_dataset import SeriesData, load_series
from gatework.data.series.series_windows import last_window
from gatework.errors import DamagedFileError, InputError
from gatework.settings.tasks.forecast import ForecastData

DAYS = [str(day) for day in np.arange("2024-01-01", "2024-04-10", dtype="datetime64[D]")]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """100 days of two series with distinct values, something known ahead for 5 days more, and something of the past."""
    rows = [f"{day},{n},{1000 + 3 * n},{n % 11},{2 * n}" for n, day in enumerate(DAYS)]
    rows += [f"2024-04-{10 + n},,,{7 + n}," for n in range(5)]
    path = tmp_path / "shops.csv"
    path.write_text("day,north,south,price,visits\n" + "\n".join(rows) + "\n")
    return path


def load(path: Path | str, **options: Any) -> SeriesData:
    settings = {"horizon": 5, "context": 11, "season": 3, "validation": 0.13, "test": 0.17, **options}
    return load_series(ForecastData(sources=[str(path)], **settings))


COLUMNS = {"target_columns": ["north", "south"], "future_columns": ["price"], "past_columns": ["visits"]}


def test_parts_follow_each_other_in_time(table: Path) -> None:
    data = load(table, **COLUMNS)
    ends = {"train": 70, "validation": 83, "test": 100}
    first = 0
    for part, end in ends.items():
        windows = getattr(data, part)
        assert {one.name for one in windows} == {"north", "south"}
        for one in windows:
            offset, step = (0, 1) if one.name == "north" else (1000, 3)
            places = ((one.values - offset) / step).round().astype(int)
            assert places.tolist() == list(range(one.origin - 15, one.origin + 5))
            assert first <= one.origin
            assert one.origin + 5 <= end
        assert max(one.origin + 5 for one in windows) == end
        first = end if part != "train" else 70
    assert len(data.validation) == 2 * (13 - 5 + 1)
    assert [data.test[2:4][0].origin, len(data.test[2:4])] == [data.test[2].origin, 2]


def test_covariates_stand_beside_their_steps(table: Path) -> None:
    data = load(table, **COLUMNS)
    codec, one = data.codec, data.test[3]
    visits = 2 * np.arange(one.origin - 11, one.origin)
    price = np.arange(one.origin - 11, one.origin + 5) % 11
    learnt = np.arange(70)
    np.testing.assert_allclose(one.past[:, 0], (visits - 2 * learnt.mean()) / (2 * learnt.std()), rtol=1e-5)
    known = (price - (learnt % 11).mean()) / (learnt % 11).std()
    np.testing.assert_allclose(one.known[:, 0], known, rtol=1e-4, atol=1e-6)
    assert codec.cycles == ("month", "weekday")
    assert one.known.shape == (16, 1 + 4)


def test_what_comes_next_begins_at_the_end(table: Path) -> None:
    codec = load(table, **COLUMNS).codec
    north = codec.prepare(codec.ends[0], ahead=5)
    one = last_window(north, codec)
    assert one.values[:15].tolist() == list(range(85, 100))
    assert np.isnan(one.values[15:]).all()
    assert str(north.times[len(north.values)])[:10] == "2024-04-10"
    raw = codec.future.undo(one.known[:, :1])
    np.testing.assert_allclose(raw[-5:, 0], [7, 8, 9, 10, 11], rtol=1e-5)


def test_a_codec_comes_back(table: Path, tmp_path: Path) -> None:
    codec = load(table, **COLUMNS, transform="log1p").codec
    save_codec(codec, tmp_path / "model")
    found = load_codec(SeriesCodec, tmp_path / "model")
    assert found.to_json() == codec.to_json()
    assert (found.config, found.names, found.statistics) == (codec.config, codec.names, codec.statistics)
    assert found.ends[1].times.tolist() == codec.ends[1].times.tolist()
    broken = json.loads((tmp_path / "model" / "series.json").read_text())
    broken["ends"][0]["targets"] = broken["ends"][0]["targets"][0]
    (tmp_path / "model" / "series.json").write_text(json.dumps(broken))
    with pytest.raises(DamagedFileError, match="does not describe series"):
        load_codec(SeriesCodec, tmp_path / "model")


def test_many_windows_are_drawn_and_few_are_repeated(table: Path) -> None:
    few = load(table, **COLUMNS, windows=17)
    assert len({(one.series, one.origin) for one in few.train}) == len(few.train) == 17
    again, other = load(table, **COLUMNS, windows=17), load(table, **COLUMNS, windows=17, split_seed=1)
    assert few.fingerprint == again.fingerprint != other.fingerprint
    counts = np.unique([(one.series, one.origin) for one in load(table, **COLUMNS).train], axis=0, return_counts=True)[
        1
    ]
    assert len(counts) == 2 * (70 - 15 - 5 + 1)
    assert set(counts) == {5}


def test_origins_are_spread_over_a_part(table: Path) -> None:
    origins = [one.origin for one in load(table, **COLUMNS, origins=3).test if one.name == "south"]
    assert origins == [83, 89, 95]


def test_files_of_their_own_replace_shares(table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(
        "day,north,south,price,visits\n" + "".join(f"{day},{n * n},{n},1,2\n" for n, day in enumerate(DAYS[:31]))
    )
    data = load(table, **COLUMNS, test_data=[str(other)])
    assert max(one.origin for one in data.train) == 87 - 5
    assert [one.origin for one in data.test if one.name == "north"] == list(range(15, 27))
    assert data.test[0].values[2] == 4


def test_one_name_in_two_tables(table: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.csv"
    second.write_bytes(table.read_bytes())
    config = ForecastData(sources=[str(table), str(second)], horizon=5, context=11, season=3, **COLUMNS)
    assert load_series(config).codec.names == ("shops north", "shops south", "second north", "second south")


def test_the_season_and_context_come_from_the_times(tmp_path: Path) -> None:
    path = tmp_path / "months.csv"
    months = np.arange("1990-01", "2000-01", dtype="datetime64[M]")
    path.write_text("month,y\n" + "".join(f"{month},{n % 12 + n}\n" for n, month in enumerate(months)))
    codec = load_series(ForecastData(sources=[str(path)], horizon=7)).codec
    assert (codec.season, codec.context, codec.history) == (12, 24, 37)
    assert codec.statistics[0].error == 12


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"horizon": 14}, "validation part of north has 13 of its 100 steps.*horizon of up to 13, or a --validation"),
        ({"horizon": 12, "context": 50}, "70 training steps, and a window needs 66|horizon of up to"),
        ({"horizon": 13, "context": 60}, "needs 77: --context 60, the --season 3 before it.*horizon of up to 6, or"),
        ({"context": 80}, "has 70 training steps.*: make --context shorter"),
        ({"max_length": 19}, "--max-length 19 leaves out all windows, which have 20 steps"),
        ({"target_columns": ["nord"]}, "no column 'nord'"),
        ({"transform": "log"}, "--transform log is for values above 0, not 0"),
        ({"sources": []}, "no series are given"),
    ],
)
def test_what_cannot_be_forecast_is_refused(table: Path, options: dict[str, Any], said: str) -> None:
    settings = {"sources": [str(table)], "horizon": 5, "context": 11, "season": 3, "validation": 0.13, "test": 0.17}
    config = ForecastData(**{**settings, **COLUMNS, **options})
    if options == {"horizon": 12, "context": 50}:
        assert len(load_series(config).train)  # it just fits
        return
    with pytest.raises(InputError, match=said):
        load_series(config)


def test_a_constant_series_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    path.write_text("a,b\n" + "".join(f"4,{n % 3}\n" for n in range(90)))
    notes = load(path).notes
    assert any("a is constant in its training part" in note for note in notes)
    assert any("b repeats exactly after 3 steps" in note for note in notes)
    assert any("few to judge intervals by" in note for note in notes)
