"""Series out of tables: wide, long and without header; what a forecast could not use is refused with its lines."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from gatework.data.series.series import read_series
from gatework.errors import InputError

LONG = """day,shop,sold,visitors,holiday
2024-01-01,North,3,40,1
2024-01-01,South,5,60,1
2024-01-02,North,4,41,0
2024-01-02,South,6,61,0
2024-01-03,South,7,62,0
2024-01-03,North,,,1
"""


def read(text: str, **options: object):
    return read_series(io.BytesIO(text.encode()), **options)


def test_wide_columns_are_series() -> None:
    table = read("Month;A;comment;B\n2024-01;1;x;-2.5\n2024-02;3;y;1e2\n")
    assert [(one.name, one.targets.tolist()) for one in table.series] == [("A", [[1], [3]]), ("B", [[-2.5], [100]])]
    assert (table.targets, table.season) == (("A", "B"), 12)
    assert table.notes == ["left out, as they hold no numbers: comment"]
    assert table.series[0].times.tolist() == np.array(["2024-01-01", "2024-02-01"], "datetime64[us]").tolist()
    (one,) = read("Month;A;comment;B\n2024-01;1;x;-2.5\n2024-02;3;y;1e2\n", together=True, targets=["B", "A"]).series
    assert one.targets.tolist() == [[-2.5, 1], [100, 3]]


def test_long_form_and_what_is_known_ahead() -> None:
    table = read(LONG, series="shop", targets=["sold"], past=["visitors"], future=["holiday"])
    north, south = table.series
    assert (north.name, south.name, table.season) == ("North", "South", 7)
    assert north.targets.tolist() == [[3], [4]]
    assert north.past.tolist() == [[40], [41]]
    assert north.future.tolist() == [[1], [0], [1]]
    assert len(north.times) == 3
    assert south.targets.tolist() == [[5], [6], [7]]
    both = read(LONG, series="shop", past=["visitors"], future=["holiday"], targets=["sold"], together=True)
    assert [one.name for one in both.series] == ["North", "South"]
    several = read(LONG.rsplit("\n", 2)[0], series="shop", targets=["sold", "visitors"])
    assert [one.name for one in several.series] == ["North sold", "North visitors", "South sold", "South visitors"]
    with pytest.raises(InputError, match=r"series North: column 'sold': 1 value is missing \(line 7\)"):
        read(LONG, series="shop", targets=["sold"])
    with pytest.raises(InputError, match=r"line 3: the time '2024-01-01' repeats .*tells series apart"):
        read(LONG, targets=["sold"])


def test_no_header_and_no_times() -> None:
    table = read("0.5,7\n0.6,8\n0.7,9\n")
    assert [(one.name, one.targets.ravel().tolist()) for one in table.series] == [
        ("1", [0.5, 0.6, 0.7]),
        ("2", [7, 8, 9]),
    ]
    assert (table.series[0].times, table.season) == (None, None)
    assert read("0.5,7\n", columns=["x", "t"]).targets == ("x",)
    assert read("0.5,7\n", columns=["x", "t"], time=False).targets == ("x", "t")
    assert [one.name for one in read("11,12\n0.5,7\n", header=True).series] == ["11", "12"]
    assert read("a,b\n1,2\n4,5\n", time="b").series[0].times.tolist() == [2, 5]


def test_json_lines() -> None:
    rows = [{"ds": f"2024-01-0{n}", "y": n / 2, "x": n} for n in range(1, 4)]
    table = read("".join(json.dumps(row) + "\n" for row in rows), future=["x"])
    assert table.series[0].targets.ravel().tolist() == [0.5, 1, 1.5]
    assert table.series[0].future.ravel().tolist() == [1, 2, 3]
    assert read('{"y": 1}\n{"y": null}\n{"y": 2}\n', missing="interpolate").series[0].targets.ravel().tolist() == [
        1,
        1.5,
        2,
    ]


def test_interpolation_is_linear_in_time() -> None:
    text = "date,y\n2024-01-01,\n2024-01-02,2\n2024-01-03,nan\n2024-01-06,10\n2024-01-07,?\n"
    table = read(text, missing="interpolate")
    assert table.series[0].targets.ravel().tolist() == [2, 2, 4, 10, 10]
    assert table.notes[0].endswith("column 'y': 3 missing values interpolated (lines 2, 4, 6)")
    assert (
        "times go on daily, but 1 step is different, the first at line 5 (2024-01-03 to 2024-01-06)" in table.notes[1]
    )
    with pytest.raises(
        InputError, match=r"3 values are missing \(lines 2, 4, 6\): fill it in, or .*--missing interpolate"
    ):
        read(text)
    plain = read("y,z\n1,1\n,2\n,3\n7,4\n", missing="interpolate")
    assert plain.series[0].targets.ravel().tolist() == [1, 3, 5, 7]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("day,y\n2024-01-02,1\n2024-01-01,2\n", {}, "line 3: the time '2024-01-01' goes back behind"),
        ("day,y\n2024-01-02,1\n2024-01-03,1;5\n", {}, r"line 3: '1;5' under 'y' is no number: .*point"),
        ("y\n1\ninf\n", {}, "line 3: 'inf' under 'y' is no number"),
        ('{"y": 1}\n{"y": true}\n', {}, "line 2: True under 'y' is no number"),
        ('{"y": 1}\n{"y": [2]}\n', {}, r"line 2: \[2\] under 'y' is no number"),
        ('{"y": 1' + "0" * 400 + "}\n", {"targets": ["y"]}, r"line 1: 10+\.\.\.0+ under 'y' is no number"),
        ("day,y\nMonday,1\n", {"time": "day"}, "line 2: 'Monday' is no time"),
        ("day,y\n2024-01-01,\n", {"missing": "interpolate"}, "column 'y' holds no value at all"),
        ("day,y\n", {}, "has a header but no rows"),
        ("name\nx\n", {}, "has no column of numbers"),
        ("a,b\n1,2\n", {"targets": ["c"]}, "has no column 'c', only 'a', 'b'"),
        ("a,b\n1,2\n", {"time": "c"}, "has no column 'c'"),
        ("a,b\n1,2\n", {"targets": ["a"], "past": ["a"]}, "'a' .*has two roles"),
        ("s,y\n,1\n", {"series": "s"}, "line 2 does not say in 's' to which series"),
        ("y\n" + '""\n' * 12 + "1\n", {}, r"12 values are missing \(lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, \.\.\.\)"),
    ],
)
def test_errors_say_where(text, options, message) -> None:
    with pytest.raises(InputError, match=message):
        read(text, **options)


def test_series_that_step_differently() -> None:
    text = "t,s,y\n2024-01,a,1\n2024-02,a,2\n2024-01-01,b,1\n2024-01-02,b,2\n"
    table = read(text, series="s")
    assert table.season is None
    assert table.notes == ["the series step differently: daily, monthly"]
    with pytest.raises(ValueError, match="missing: 'drop'"):
        read(text, missing="drop")


def test_real_series(gatework_data) -> None:
    folder = gatework_data / "series"
    airline = read_series(folder / "airline-passengers.csv")
    assert (airline.season, airline.targets, airline.notes) == (12, ("Passengers",), [])
    assert airline.series[0].targets.shape == (144, 1)
    assert airline.series[0].targets[[0, -1], 0].tolist() == [112, 432]
    sunspots = read_series(folder / "monthly-sunspots.csv")
    assert (sunspots.season, sunspots.series[0].targets.shape, sunspots.notes) == (12, (2820, 1), [])
    rates = read_series(folder / "exchange_rate.txt.gz")
    assert len(rates.series) == 8
    expected = np.loadtxt(folder / "exchange_rate.txt.gz", delimiter=",")
    np.testing.assert_array_equal(np.concatenate([one.targets for one in rates.series], axis=1), expected)
