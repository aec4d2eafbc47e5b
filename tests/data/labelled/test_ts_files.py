"""Files of the UEA archive: cases as long as they are, and errors with their lines."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest

from gatework.data.labelled.ts_files import read_ts
from gatework.errors import InputError

HEADER = "#about\n@problemName Sounds\n@timeStamps false\n@missing true\n@univariate false\n@dimensions 2\n"
VARIABLE = HEADER + "@equalLength false\n@classLabel true hiss hum\n%more\n@data\n1,2,?:4,5,6:hum\n\n-7e-1:NaN:hiss\n"


def read(text: str):
    return read_ts(io.BytesIO(text.encode()))


def test_variable_lengths_and_missing_values() -> None:
    series, labels, classes, lines = read(VARIABLE)
    assert [case.dtype for case in series] == [np.float32] * 2
    np.testing.assert_array_equal(series[0], np.array([[1, 4], [2, 5], [np.nan, 6]], np.float32))
    np.testing.assert_array_equal(series[1], np.array([[-0.7, np.nan]], np.float32))
    assert (labels, classes, lines) == (["hum", "hiss"], ["hiss", "hum"], [11, 13])


def test_other_spellings() -> None:
    text = "@PROBLEMNAME x\n@univariate true\n@classlabel false\n@Data\n 1, 2,3 \r\n4,5\r\n"
    assert [case.ravel().tolist() for case in read(text).series] == [[1, 2, 3], [4, 5]]
    assert (read(text).labels, read(text).classes) == ([], [])
    assert read_ts(io.BytesIO(gzip.compress(text.encode()))).series[0].shape == (3, 1)
    targets = read("@targetlabel true\n@equallength true\n@serieslength 2\n@data\n1,2:3,4:5,6:0.75\n")
    assert targets.series[0].tolist() == [[1, 3, 5], [2, 4, 6]]
    assert targets.labels == ["0.75"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1,2,?:", "1,2,x:", r"line 11 holds 'x', which is no number: write \? where"),
        ("1,2,?:", "1,2,:", r"line 11 holds '', which is no number"),
        ("1,2,?:", "1,inf,?:", r"line 11 holds 'inf'"),
        ("1,2,?:", "1,2:", r"line 11 has dimensions of 2 and of 3 values"),
        (":4,5,6", "", r"line 11 has 1 dimensions, expected 2"),
        ("-7e-1:NaN:", "-7e-1:NaN:8:", r"line 13 has 3 dimensions, expected 2"),
        (":hiss", ":his", r"line 13 has the label 'his', which @classLabel does not list"),
        ("-7e-1:NaN:hiss", "hiss", r"line 13 has values or a label, but not both"),
        ("@equalLength false", "@equalLength true", r"line 13 has 1 steps, not 3"),
        ("@equalLength false", "@equalLength", r"line 7: @equallength is neither true nor false"),
        ("@dimensions 2", "@dimensions two", r"line 6: @dimensions is no count"),
        ("@timeStamps false", "@timeStamps true", r"line 3: values with time stamps cannot be read"),
        ("@data", "data", r"line 10 comes before @data but begins with 'data'"),
        ("@data\n1,2,?:4,5,6:hum\n\n-7e-1:NaN:hiss\n", "", r"has no line @data"),
        ("1,2,?:4,5,6:hum\n\n-7e-1:NaN:hiss\n", "", r"holds no series"),
    ],
)
def test_errors_say_where(old, new, message) -> None:
    assert old in VARIABLE
    with pytest.raises(InputError, match=message):
        read(VARIABLE.replace(old, new))


def test_a_target_must_be_a_number() -> None:
    with pytest.raises(InputError, match="line 3 holds 'high', which is no number"):
        read("@targetlabel true\n@data\n1,2:high\n")


def test_japanese_vowels(gatework_data) -> None:
    for name, cases in {"TRAIN": 270, "TEST": 370}.items():
        path = gatework_data / "vowels" / f"JapaneseVowels_{name}.ts"
        series, labels, classes, _ = read_ts(path)
        assert (len(series), len(labels), classes) == (cases, cases, [str(speaker) for speaker in range(1, 10)])
        assert {case.shape[1] for case in series} == {12}
        assert all(7 <= len(case) <= 29 and np.isfinite(case).all() for case in series)
        last = path.read_text().rstrip("\n").split("\n")[-1].split(":")
        assert series[-1][:, 4].tolist() == [np.float32(value) for value in last[4].split(",")]
        assert labels[-1] == last[-1]
