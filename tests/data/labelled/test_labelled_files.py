"""Labelled files: which part of a name is the label."""

from __future__ import annotations

import gzip
from collections import Counter

import pytest

from gatework.data.labelled.labelled_files import read_labelled_files
from gatework.errors import InputError


def test_a_folder_of_files_is_labelled_by_their_names(tmp_path) -> None:
    (tmp_path / "Irish.txt").write_text("Ó Briain\n\nO'Neill")
    (tmp_path / "Greek.txt.gz").write_bytes(gzip.compress("Λάμπρου\r\n".encode()))
    (tmp_path / ".hidden.txt").write_text("x")
    assert [tuple(found) for found in read_labelled_files([tmp_path])] == [
        ("Λάμπρου", "Greek", f"{tmp_path}/Greek.txt.gz line 1"),
        ("Ó Briain", "Irish", f"{tmp_path}/Irish.txt line 1"),
        ("O'Neill", "Irish", f"{tmp_path}/Irish.txt line 3"),
    ]


def test_files_named_alike_are_labelled_by_their_suffix(tmp_path) -> None:
    for suffix in ("neg", "pos"):
        (tmp_path / f"films.v1.{suffix}").write_bytes(f"é {suffix}\n".encode("latin-1"))
    found = read_labelled_files([tmp_path / "films.v1.pos", tmp_path / "films.v1.neg"], "latin-1")
    assert [(text, label) for text, label, _ in found] == [("é pos", "pos"), ("é neg", "neg")]


def test_a_file_without_suffix_is_labelled_by_its_name(tmp_path) -> None:
    for name in ("films", "films.pos"):
        (tmp_path / name).write_text("good")
    assert [label for _, label, _ in read_labelled_files([tmp_path])] == ["films", "pos"]


def test_a_folder_of_folders_is_labelled_by_theirs(tmp_path) -> None:
    for label in ("pos", "neg"):
        (tmp_path / label).mkdir()
        for number in range(2):
            (tmp_path / label / f"{number}.txt").write_text(f"{label}\n{number}")
    found = [(text, label) for text, label, _ in read_labelled_files([tmp_path])]
    assert found == [("neg\n0", "neg"), ("neg\n1", "neg"), ("pos\n0", "pos"), ("pos\n1", "pos")]
    (tmp_path / "stray.txt").write_text("x")
    with pytest.raises(InputError, match="holds files beside folders"):
        read_labelled_files([tmp_path])


def test_what_is_not_there(tmp_path) -> None:
    with pytest.raises(InputError, match="holds no files"):
        read_labelled_files([tmp_path])
    with pytest.raises(InputError, match=r"there is no file .*none\.txt"):
        read_labelled_files([tmp_path / "none.txt"])
    with pytest.raises(TypeError, match="is one path"):
        read_labelled_files(str(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"x\n\xff\n")
    with pytest.raises(InputError, match=r"a\.txt line 2 is not utf-8"):
        list(read_labelled_files([tmp_path]))


def test_real_files(gatework_data) -> None:
    names = Counter(label for _, label, _ in read_labelled_files([gatework_data / "names"]))
    assert len(names) == 18
    lines = (gatework_data / "names" / "Russian.txt").read_text().splitlines()
    assert names["Russian"] == sum(bool(line.strip()) for line in lines)
    reviews = Counter(label for _, label, _ in read_labelled_files([gatework_data / "sentiment"]))
    assert reviews == {"pos": 5331, "neg": 5331}
