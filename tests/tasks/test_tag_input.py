"""Sentences to be tagged, in the forms in which they come."""

from __future__ import annotations

import io
import itertools
import sys
from pathlib import Path

import pytest

from gatework.data.tagging.tagged import MOST_WORDS
from gatework.errors import InputError
from gatework.tasks.tag_input import Line, lines_to_tag, sentences_to_tag


def sentences(text: str, columns: bool | None = None, word: int | None = None) -> list[list[str]]:
    lines = [Line("my.txt", number, line) for number, line in enumerate(text.split("\n"), 1)]
    return list(sentences_to_tag(lines, columns, word))


def test_a_sentence_a_line() -> None:
    assert sentences("the cat  sat .\n\n \nSee !") == [["the", "cat", "sat", "."], [], [], ["See", "!"]]
    assert sentences("a\nb", columns=False) == [["a"], ["b"]]


def test_a_word_a_line() -> None:
    assert sentences("\nthe\tD\nNew York\tN\n\nsee\tV\n") == [["the", "New York"], ["see"]]
    assert sentences("the\ncat\n\nsee", columns=True) == [["the", "cat"], ["see"]]
    assert sentences("1 the\n2 cat\n", columns=True, word=1) == [["the", "cat"]]
    assert sentences("a\tb c", columns=False) == [["a", "b", "c"]]
    assert sentences("1\tvamos\tir\tVERB\t_\t_\t0\troot\t_\t_\n2\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\t_") == [
        ["vamos", "."]
    ]


def test_files_may_be_of_different_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lines.txt").write_text("a b\n\nc\n")
    (tmp_path / "columns.tsv").write_text("d\tX\ne\tX\n")
    sources = [str(tmp_path / "lines.txt"), str(tmp_path / "columns.tsv")]
    assert list(sentences_to_tag(lines_to_tag(sources, "utf-8"), None, None)) == [["a", "b"], [], ["c"], ["d", "e"]]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("né á".encode("latin-1"))))
    assert list(sentences_to_tag(lines_to_tag([], "latin-1"), None, None)) == [["né", "á"]]
    assert list(sentences_to_tag([], None, None)) == []


def test_they_are_read_as_they_are_asked_for() -> None:
    endless = (Line("pipe", number, "a b") for number in itertools.count(1))
    assert list(itertools.islice(sentences_to_tag(endless, None, None), 3)) == [["a", "b"]] * 3
    endless = (Line("pipe", number, "" if number % 2 else "a\tX") for number in itertools.count(1))
    assert list(itertools.islice(sentences_to_tag(endless, None, None), 3)) == [["a"]] * 3


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("a\tX\nb\n", None, "my.txt line 2 has only 1 columns, the first word 2"),
        ("a\tX\n" * (MOST_WORDS + 1), None, "my.txt line 1 begins a sentence of more than 10,000 words"),
        ("\n" + "a " * (MOST_WORDS + 1), None, "my.txt line 2 has 10,001 words: part it"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, columns: bool | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        sentences(text, columns)
