"""Whatever the files are: texts, series and recordings with their labels."""

from __future__ import annotations

import io
import types
from pathlib import Path

import numpy as np
import pytest

from gatework.data.labelled.labelled_examples import read_labelled_examples
from gatework.data.sound.audio import write_wav
from gatework.errors import InputError
from gatework.settings.tasks.classify import ClassifyData

TS = "@problemName p\n@timeStamps false\n@univariate false\n@classLabel true a b\n@data\n"


def read(*sources: Path | str, keep: Path | None = None, **options):
    return read_labelled_examples([str(source) for source in sources], ClassifyData(**options), keep)


def test_labelled_files_tables_and_both(tmp_path: Path) -> None:
    for name, text in {"pos": "good film\nwell\n", "neg": "caf\xe9 noir\n"}.items():
        (tmp_path / f"films.{name}").write_bytes(text.encode("latin-1"))
    (tmp_path / "more.csv").write_text("review,label\nfair,pos\n")
    found = read(*sorted(tmp_path.glob("films.*")), tmp_path / "more.csv", encoding="latin-1")
    assert found.kind == "text"
    assert {(example.value, example.label) for example in found.examples} == {
        ("good film", "pos"),
        ("well", "pos"),
        ("caf\xe9 noir", "neg"),
        ("fair", "pos"),
    }
    with pytest.raises(InputError, match=r"films.neg line 1 is not utf-8: say its encoding, for example latin-1"):
        read(*sorted(tmp_path.glob("films.*")))


def test_a_single_file_is_a_table_whatever_its_ending(tmp_path: Path) -> None:
    (tmp_path / "reviews.data").write_text("good fun\t1\nno\t0\nfine\t1\n")
    found = read(tmp_path / "reviews.data")
    assert [(one.value, one.label, one.where) for one in found.examples][1] == (
        "no",
        "0",
        f"{tmp_path}/reviews.data line 2",
    )
    assert len(found.notes) == 1


def test_standard_input_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"text,label\nfine,1\n"
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(content)))
    assert [one.label for one in read("-", keep=tmp_path / "kept").examples] == ["1"]
    assert (tmp_path / "kept").read_bytes() == content


def test_series_and_their_missing_values(tmp_path: Path) -> None:
    path = tmp_path / "some.ts"
    path.write_text(f"{TS}1,2,4:5,6,7:a\n1,?,5:?,3,4:b\n")
    with pytest.raises(InputError, match=r"some.ts lacks values \(line 7\): .*--missing interpolate"):
        read(path)
    found = read(path, missing="interpolate")
    assert [one.label for one in found.examples] == ["a", "b"]
    np.testing.assert_allclose(found.examples[1].value, [[1, 3], [3, 3], [5, 4]])
    assert found.notes == [f"{path}: 2 missing values interpolated in 1 series"]
    path.write_text(f"{TS}1,2:?,?:a\n")
    with pytest.raises(InputError, match="line 6, channel 1 holds no value at all"):
        read(path, missing="interpolate")
    path.write_text("@univariate true\n@data\n1,2\n")
    with pytest.raises(InputError, match="series without labels"):
        read(path)


def test_recordings_by_table_folder_and_name(tmp_path: Path) -> None:
    sound = np.linspace(-0.5, 0.5, 97)
    named = tmp_path / "named"
    for place in ("3_anna_0.wav", "7_ben_1.wav"):
        write_wav(named / place, sound, 1000)
        write_wav(tmp_path / "inner" / place[0] / place, sound, 1000)
    by_name, by_folder = read(named), read(tmp_path / "inner")
    assert [(one.value, one.label) for one in by_name.examples] == [
        (named / "3_anna_0.wav", "3"),
        (named / "7_ben_1.wav", "7"),
    ]
    assert [one.label for one in by_folder.examples] == ["3", "7"]
    table = named / "who.csv"
    table.write_text("file,label\n7_ben_1.wav,ben\n")
    for source in (named, table):
        found = read(source)
        assert (found.kind, found.examples[0].value, found.examples[0].label) == ("sound", named / "7_ben_1.wav", "ben")
    table.write_text("file,label\n8_ben_1.wav,ben\n")
    with pytest.raises(InputError, match=r"who.csv line 2: there is no file .*8_ben_1.wav"):
        read(named)
    (named / "other.tsv").write_text("x")
    with pytest.raises(InputError, match=r"several tables \(other.tsv, who.csv\)"):
        read(named)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to learn from"):
        read()
    (tmp_path / "series").mkdir()
    path = tmp_path / "series" / "some.ts"
    path.write_text(f"{TS}1,2:5,6:a\n")
    table = tmp_path / "some.csv"
    table.write_text("text,label\nx,y\n")
    with pytest.raises(InputError, match=r"several kinds \(series, text\)"):
        read(path, table)
    with pytest.raises(InputError, match=r"folder of .ts files: name those to learn from"):
        read(tmp_path / "series")
    with pytest.raises(InputError, match="recording without a label"):
        read(tmp_path / "one.wav")
    with pytest.raises(InputError, match="there is no file"):
        read(tmp_path / "none.txt")
