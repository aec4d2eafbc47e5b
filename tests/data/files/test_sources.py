"""Sources: which documents a name stands for, and what cannot be read says so."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import pytest

from gatework.data.files.sources import find_sources
from gatework.errors import InputError


def contents(*sources: str, **options: object) -> dict[str, bytes]:
    return {document.name: b"".join(document.chunks(3)) for document in find_sources(sources, **options).documents}


def fill(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_folder_is_its_text_files_in_order(tmp_path) -> None:
    fill(tmp_path, b_txt="b", a__z_md="z", a__c_TEXT="c", notes_csv="n", _hidden_txt="h", _git__x_txt="x", c_txt="")
    assert list(contents(str(tmp_path))) == [f"{tmp_path}/{name}" for name in ("a/c.TEXT", "a/z.md", "b.txt")]
    assert find_sources([str(tmp_path)]).name == f"{tmp_path.name} (3 files)"


def test_a_folder_without_text_files_is_all_its_files(tmp_path) -> None:
    fill(tmp_path, b_csv="b", a__z_py="z")
    assert list(contents(str(tmp_path)).values()) == [b"z", b"b"]


def test_files_keep_the_order_in_which_they_are_named(tmp_path) -> None:
    fill(tmp_path, b_txt="second", a_dat="first")
    named = [str(tmp_path / "b.txt"), str(tmp_path / "a.dat")]
    assert list(contents(*named).values()) == [b"second", b"first"]
    assert find_sources(named).name == "2 files"
    assert find_sources(named[:1]).name == "b.txt"


def test_standard_input_is_kept_as_it_is_read(tmp_path) -> None:
    keep = tmp_path / "run" / "input.txt"
    found = find_sources(["-"], stdin=io.BytesIO(b"one\r\ntwo\xff"), keep=keep)
    (document,) = found.documents
    assert (found.name, document.size, document.identity) == ("standard input", None, None)
    assert b"".join(document.chunks(4)) == keep.read_bytes() == b"one\r\ntwo\xff"
    assert document.identity is not None


def test_a_named_pipe_is_read(tmp_path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("through the pipe",))
    (document,) = find_sources([str(pipe)]).documents
    writer.start()
    assert b"".join(document.chunks(5)) == b"through the pipe"
    writer.join()
    assert document.identity is not None


def test_the_language_reference_is_built_in() -> None:
    topics = contents()
    assert len(topics) > 60
    assert b"import" in topics["the topic import"]
    assert list(topics) == sorted(topics)


def test_a_python_without_its_reference_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(InputError, match="name a text file"):
        find_sources([])


def test_what_cannot_be_read_is_named(tmp_path) -> None:
    (tmp_path / "bare").mkdir()
    fill(tmp_path, empty_txt="", hollow__a_txt="", hollow__b_dat="text")
    for source, cause in {
        "none.txt": "cannot read .*none.txt .No such file",
        "empty.txt/below": "cannot read .*below .Not a directory",
        "empty.txt": "empty.txt is empty",
        "bare": "folder .*bare holds no files",
        "hollow": "folder .*hollow holds only empty files",
    }.items():
        with pytest.raises(InputError, match=cause):
            find_sources([str(tmp_path / source)])
    with pytest.raises(InputError, match="twice"):
        find_sources(["-", "-"])


def test_a_file_that_vanishes_is_named(tmp_path) -> None:
    fill(tmp_path, a_txt="text")
    (document,) = find_sources([str(tmp_path / "a.txt")]).documents
    (tmp_path / "a.txt").unlink()
    with pytest.raises(InputError, match=r"cannot read .*a\.txt"):
        list(document.chunks(3))
