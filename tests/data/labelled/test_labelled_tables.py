"""Which column is what: named, seen from its name, or from the values of a table without a header."""

from __future__ import annotations

import io

import pytest

from gatework.data.labelled.labelled_tables import Columns, LabelledRow, read_labelled_table
from gatework.errors import InputError


def read(content: str, labelled: bool = True, **columns: str):
    return read_labelled_table(
        lambda: io.BytesIO(content.encode()), Columns(**columns), name="table", labelled=labelled
    )


def rows(content: str, labelled: bool = True, **columns: str) -> list[tuple[str, str]]:
    return [(row.value, row.label) for row in read(content, labelled, **columns).rows]


def test_columns_are_known_by_their_names() -> None:
    table = read("id,Label,Text\n1,good,fine film\n2,bad,\n")
    assert list(table.rows) == [LabelledRow("fine film", "good", 2), LabelledRow("", "bad", 3)]
    assert (table.paths, table.note) == (False, "")
    assert rows('{"sentence": "so so", "class": 0}\n{"sentence": "no", "class": true}\n') == [
        ("so so", "0"),
        ("no", "true"),
    ]
    assert rows("label\tanything\nx\ta b\n") == [("a b", "x")]  # the one that is left


def test_columns_that_are_named_win() -> None:
    text = "text,label,review,stars\nold,a,new,5\n"
    assert rows(text, text="review", label="stars") == [("new", "5")]
    assert rows(text, text="review") == [("new", "a")]
    assert rows(text, labelled=False) == [("old", "")]


def test_recordings() -> None:
    table = read("path,speaker\none.wav,anna\n", label="speaker")
    assert (list(table.rows), table.paths) == ([LabelledRow("one.wav", "anna", 2)], True)
    assert read("where,speaker\none.wav,anna\n", label="speaker", path="where").paths
    assert not read("path,text,label\none.wav,hello,x\n", text="text").paths


@pytest.mark.parametrize("swapped", [False, True])
def test_two_columns_without_a_header(swapped: bool) -> None:
    pairs = [("great fun", "pos"), ("dull", "neg"), ("fine", "pos"), ("bad", "neg")]
    lines = "".join(f"{label}\t{text}\n" if swapped else f"{text}\t{label}\n" for text, label in pairs)
    assert rows(lines) == pairs
    assert "no header" in read(lines).note
    assert rows(f"{'stars' if swapped else 'opinion'}\t{'opinion' if swapped else 'stars'}\n{lines}") == pairs
    assert "taken for a header" in read(f"a\tb\n{lines}").note


def test_columns_by_number() -> None:
    assert rows("7,yes,b c\n8,no,d\n9,yes,e\n", text="3", label="2") == [("b c", "yes"), ("d", "no"), ("e", "yes")]
    assert rows("alone\nhere\n", labelled=False, text="1") == [("alone", ""), ("here", "")]


LABELS = ("pos", "neg", "so so")


def known(content: str, labelled: bool = False) -> list[tuple[str, str]]:
    found = read_labelled_table(
        lambda: io.BytesIO(content.encode()), Columns(), name="table", labelled=labelled, labels=LABELS, texts=True
    )
    return [(row.value, row.label) for row in found.rows]


@pytest.mark.parametrize("swapped", [False, True])
def test_known_labels_say_whether_there_is_a_header(swapped: bool) -> None:
    """Even where each occurs once, or most rows are of one text: by the values alone neither is to be seen."""

    def table(*pairs: tuple[str, str]) -> str:
        return "".join(f"{label}\t{text}\n" if swapped else f"{text}\t{label}\n" for text, label in pairs)

    assert known(table(("one", "so so"), ("two", "pos"), ("three", "pos"))) == [("one", ""), ("two", ""), ("three", "")]
    assert known(table(("opinion", "stars"), ("fine", "neg"))) == [("fine", "")]
    assert known(table(("ha", "pos"), ("ha", "neg"), ("ha", "so so")), labelled=True) == [
        ("ha", "pos"),
        ("ha", "neg"),
        ("ha", "so so"),
    ]
    many = [(f"text {number}", "pos") for number in range(2500)]
    assert known(table(("a", "b"), *many)) == [(text, "") for text, _ in many]


def test_texts_are_read_where_there_are_files_too() -> None:
    content = "file,text,label\na.wav,hello,pos\n"
    assert read(content).paths
    assert known(content) == [("hello", "")]
    assert known(content, labelled=True) == [("hello", "pos")]
    assert known("label,body\npos,hello\n") == [("hello", "")]  # the one that is left
    assert known("body\nhello\n") == [("hello", "")]


def test_a_column_of_texts_alone_has_no_labels_to_see_a_header_by() -> None:
    assert rows("once\nmore\nmore\n", labelled=False, text="1") == [("once", ""), ("more", ""), ("more", "")]


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("text,label\na,b\n", {"text": "txt"}, r"table has no column 'txt', only 'text', 'label': did you mean 'text'"),
        ("text,label\na,b\n", {"label": "class"}, r"no column 'class', only 'text', 'label'"),
        ("path,label\na,b\n", {"path": "file"}, r"no column 'file', only 'path', 'label'"),
        ("a,b,c\n1,2,3\n", {}, r"table has no column of labels among 'a', 'b', 'c': .* --label-column"),
        ("label,b,c\n1,2,3\n", {}, r"table has no column of texts among 'label', 'b', 'c': .* --text-column"),
        ("label\nb\n", {}, r"no column of texts among 'label'"),
        ('{"a": "x", "b": "y"}\n', {}, r"no column of labels among 'a', 'b'"),
        ("a,b\n", {"text": "5", "label": "2"}, r"no column '5', only '1', '2'"),
        ("text,label\na,b\nc, \n", {}, r"table line 3 has no label under 'label'"),
        ('{"text": "a", "label": null}\n', {}, r"table line 1 has no label"),
        ('{"text": 5, "label": "b"}\n', {}, r"table line 1 has no text under 'text'"),
    ],
)
def test_what_cannot_be_understood(text: str, columns: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        list(read(text, **columns).rows)
