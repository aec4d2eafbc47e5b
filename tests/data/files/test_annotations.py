"""Files with texts: tables of every form say the same; what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatework.data.files.annotations import Annotation, read_annotations
from gatework.errors import InputError

TABLES = {
    "words.csv": 'Audio,speaker,Text\na.wav,x,"one, two"\nsub/b.wav,y,three\n',
    "words.tsv": "speaker\tfile_name\ttranscript\nx\ta.wav\tone, two\ny\tsub/b.wav\tthree\n",
    "words.jsonl": '{"caption": "one, two", "image": "a.wav"}\n\n{"image": "sub/b.wav", "caption": " three"}\n',
    "words.CSV": '\ufefftext,path\r\n"one, two",a.wav\r\nthree,sub/b.wav\r\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.wav", "sub/b.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"sound")
    return tmp_path


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_every_form_say_the_same(folder: Path, name: str) -> None:
    (folder / name).write_text(TABLES[name], encoding="utf-8", newline="")
    expected = [Annotation(folder / "a.wav", "one, two"), Annotation(folder / "sub/b.wav", "three")]
    assert read_annotations(folder) == read_annotations(folder / name) == expected


def test_columns_can_be_chosen(folder: Path) -> None:
    (folder / "t.csv").write_text("path,text,text2\na.wav,x,eins\n")
    assert read_annotations(folder, text_column="text2")[0].text == "eins"
    with pytest.raises(InputError, match=r"has no column 'txt', only .*did you mean 'text'\?"):
        read_annotations(folder, text_column="txt")


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("t.csv", "path,text\nc.wav,x\n", r"t\.csv line 2: there is no file .*c\.wav"),
        ("t.csv", "path,words said\na.wav,x\n", "no column of texts among 'path', 'words said': .*--text-column"),
        ("t.csv", "a,text\na.wav,x\n", "no column of files among 'a', 'text'"),
        ("t.csv", "path,text\na.wav, \n", "line 2 has nothing under 'text'"),
        ("t.csv", "path,text\na.wav\n", "line 2: 1 fields under 2 columns"),
        ("t.csv", 'path,text\na.wav,"x\n', "cannot be read"),
        ("t.csv", "path,text\n", "has no rows"),
        ("t.csv", "", "is empty"),
        ("t.jsonl", '{"path": "a.wav", "text": 3}\n', "line 1 has nothing under 'text'"),
        ("t.jsonl", '{"path": "a.wav", "text": "x"}\n{"path": "a.wav"}\n', "line 2 has no 'text'"),
        ("t.jsonl", "[]\n", "line 1 is JSON but no object"),
        ("t.jsonl", "{\n", "line 1 is not JSON"),
        ("t.txt", "x", "holds no table"),
    ],
)
def test_what_is_missing_is_named(folder: Path, name: str, content: str, cause: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=cause):
        read_annotations(folder)


def test_tables_that_are_none_are_named(folder: Path) -> None:
    with pytest.raises(InputError, match=r"a\.wav has no column of files among 'sound'"):
        read_annotations(folder / "a.wav")
    with pytest.raises(InputError, match=r"cannot read .*none\.csv"):
        read_annotations(folder / "none.csv")
    (folder / "a.csv").write_bytes(b"path,text\na.wav,\xe9\n")
    with pytest.raises(InputError, match=r"a\.csv line 2 is not utf-8"):
        read_annotations(folder)
    (folder / "b.tsv").write_text("")
    with pytest.raises(InputError, match=r"several tables \(a\.csv, b\.tsv\)"):
        read_annotations(folder)
