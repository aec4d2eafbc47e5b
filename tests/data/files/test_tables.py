"""Tables: whatever the dialect, the rows that were written come back; what is wrong says in which line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.files.tables import column, read_table, select
from gatework.errors import DamagedFileError, InputError

PROSE = 'Well, "they" said: no; never, ever;\tor so'


def rows(data: bytes | str, **options: object) -> list[tuple[int, dict[str, object]]]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return [tuple(row) for row in read_table(stream, **options)]


def written(delimiter: str, records: list[list[str]], ending: str) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(records)
    return file.getvalue().replace("\r\n", ending)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_a_writer_quotes_comes_back(delimiter, mark, ending) -> None:
    records = [[PROSE, "a\nb"], ["", 'x"y'], ["ü, ö; ä", "3,5"]]
    data = mark + written(delimiter, [["text", "label"], *records], ending).encode()
    found = rows(data)
    assert [list(values.values()) for _, values in found] == records
    assert [list(values) for _, values in found] == [["text", "label"]] * 3
    assert [line for line, _ in found] == [2, 4, 5]  # the first row holds a line end


@given(st.data())
def test_any_two_columns_come_back_through_any_delimiter(data) -> None:
    cell = st.text(st.sampled_from('ab,;\t"\n '), min_size=1, max_size=6).filter(str.strip)
    records = data.draw(st.lists(st.tuples(cell, cell), min_size=1, max_size=5))
    delimiter = data.draw(st.sampled_from(",;\t"))
    with_header = "".join(
        delimiter.join('"' + value.replace('"', '""') + '"' for value in record) + "\n"
        for record in [("one", "two"), *records]
    )
    assert [tuple(values.values()) for _, values in rows(with_header)] == records


def test_prose_full_of_commas_does_not_mislead() -> None:
    text = "label;text\n" + "".join(f"{n % 2};Oh, well, number {n}, {'so' * (n % 3)}\n" for n in range(17))
    assert rows(text)[4] == (6, {"label": "0", "text": "Oh, well, number 4, so"})
    tabbed = "".join(f"I, too, am here{',' * n}\tpos\n" for n in range(5))
    assert rows(tabbed, columns=["text", "label"])[2] == (3, {"text": "I, too, am here,,", "label": "pos"})


def test_quotes_in_tab_separated_prose_are_characters() -> None:
    text = 'text\tlabel\n"Great" film\tpos\n"unclosed\tneg\n'
    assert [values["text"] for _, values in rows(text)] == ['"Great" film', '"unclosed']
    assert rows('text\tlabel\n"a ""b"""\tpos\n')[0][1]["text"] == 'a "b"'
    assert rows('text\tlabel\n"a ""b"""\tpos\n', quotes=False)[0][1]["text"] == '"a ""b"""'


def test_blanks_after_a_delimiter_belong_to_no_quoted_field() -> None:
    assert rows('"Month", "Total, all"\n"1949-01", "1,5"\n') == [(2, {"Month": "1949-01", "Total, all": "1,5"})]


@pytest.mark.parametrize("lines", [198, 199, 200, 201])
def test_a_row_may_lie_across_the_end_of_the_sample(lines) -> None:
    text = "text\tlabel\n" + '"a"\t0\n' * (lines - 2) + '"b\n""c"\t1\n'
    with_quotes = rows(text)
    assert len(with_quotes) == lines - 1
    assert with_quotes[-1] == (lines, {"text": 'b\n"c', "label": "1"})


def test_long_fields() -> None:
    long = "acgt" * 60_000
    assert rows(f'text,label\n"{long}",0\n') == [(2, {"text": long, "label": "0"})]


def test_names_of_columns() -> None:
    assert rows(",text\n0,a\n") == [(2, {"column 1": "0", "text": "a"})]
    assert rows("a\tpos\nb\tneg\n", columns=["text", "label"])[1] == (2, {"text": "b", "label": "neg"})
    assert rows("0.5,1\n0.7,2\n", header=None) == [(1, {"1": "0.5", "2": "1"}), (2, {"1": "0.7", "2": "2"})]
    assert rows("x,y\n0.7,2\n", header=None) == [(2, {"x": "0.7", "y": "2"})]
    assert rows("x,y\n", header=False) == [(1, {"1": "x", "2": "y"})]
    assert rows('only\none\n\n""\n') == [(2, {"only": "one"}), (4, {"only": ""})]


def test_json_lines_keep_their_types() -> None:
    data = '\ufeff{"text": "ü", "n": 3, "xs": [1, 2.5], "none": null}\n\n{"text": "b", "more": true}\n'
    assert rows(data) == [
        (1, {"text": "ü", "n": 3, "xs": [1, 2.5], "none": None}),
        (3, {"text": "b", "more": True}),
    ]
    table = read_table(io.BytesIO(data.encode()))
    assert table.columns == ("text", "n", "xs", "none")
    assert next(select(table, ["n", "text"])) == (1, (3, "ü"))


def test_select_and_column(tmp_path) -> None:
    path = tmp_path / "films.csv"
    path.write_text("text,label,year\ngood,pos,1999\nbad,neg,2003\n")
    table = read_table(path)
    assert list(select(table, ["year", "text"])) == [(2, ("1999", "good")), (3, ("2003", "bad"))]
    assert list(column(table, "label")) == list(column(table, "label")) == ["pos", "neg"]
    with pytest.raises(
        InputError, match=r"films.csv has no column 'lable', only 'text', 'label', 'year': did you mean"
    ):
        column(table, "lable")
    lacking = read_table(io.BytesIO(b'{"a": 1, "b": 2}\n{"a": 3}\n'))
    with pytest.raises(InputError, match=r"line 2 has no 'b'"):
        list(column(lacking, "b"))


def test_the_name_says_the_format(tmp_path) -> None:
    for name, text in {"a.tsv": "x,y\tz\n1,2\t3\n", "b.tab": "x,y\tz\n1,2\t3\n"}.items():
        (tmp_path / name).write_text(text)
        assert read_table(tmp_path / name).columns == ("x,y", "z")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}\n'))
    assert list(column(read_table(str(tmp_path / "c.jsonl.gz")), "text")) == ["a"]
    with pytest.raises(InputError, match="is not JSON"):
        read_table(io.BytesIO(b"text,label\n"), format="jsonl")


def test_streams_are_read_once_and_stay_open(tmp_path, monkeypatch) -> None:
    stream = io.BytesIO(gzip.compress(b"a,b\n1,2\n"))
    table = read_table(stream)
    assert [values for _, values in table] == [{"a": "1", "b": "2"}]
    with pytest.raises(InputError, match="the given stream can be read only once"):
        iter(table)
    assert not stream.closed
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("a;b\n1;2\n",))
    writer.start()
    assert [values for _, values in read_table(pipe)] == [{"a": "1", "b": "2"}]
    writer.join()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\tb\n1\t2\n")))
    assert list(column(read_table("-"), "b")) == ["2"]


def test_rows_are_read_as_they_are_asked_for() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            line = b"text,label\n" if not self.given else b"%d,x\n" % self.given
            self.given += 1
            buffer[: len(line)] = line
            return len(line)

    stream = Endless()
    table = iter(read_table(stream))
    assert [next(table).values["text"] for _ in range(300)][-1] == "300"
    assert stream.given < 3000


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ("a,b\n1,2\n3,4,5\n", {}, r"line 3: 3 fields under 2 columns \(a, b\)"),
        ('a,b\n"x\ny",2\n3\n', {}, r"line 4: 1 fields under 2 columns"),
        ("a\tpos\nb\n", {"columns": ["text", "label"]}, r"line 2: 1 fields"),
        ('a,b\n"x,2\n3,4\n', {}, r"from line 2 on .*quotes=False"),
        ('a,b\n"x"y,2\n', {}, r"from line 2 on"),
        ("a,a\n1,2\n", {}, r"more than one column 'a'"),
        ("", {}, r"is empty"),
        ("\n  \n", {}, r"is empty"),
        ('{"a": 1}\n{"a": \n', {}, r"line 2 is not JSON"),
        ('{"a": 1}\n[2]\n', {}, r"line 2 is JSON but no object"),
        ('[{"a": 1}]\n', {}, r"line 1 is JSON but no object"),
        ('[\n{"a": 1}\n]', {}, r"line 1 is not JSON"),
        ("a\tb\n".encode("utf-16"), {}, r"line 1 is not utf-8: say its encoding, for example utf-16"),
        ("{" * 3 + '"a":' * 9, {}, r"line 1 is not JSON"),
        ('{"a": 1}\n' + "[" * 200_000, {}, r"line 2 is not JSON"),
        ('{"a": 1}\n', {"columns": ["b"]}, r"leave the names of columns out"),
        (b"a,b\nx,y\nz,\xe4\n", {}, r"line 3 is not utf-8: say its encoding, for example latin-1"),
        (b"a,b\n", {"encoding": "latin-99"}, r"no encoding 'latin-99'"),
        (b"a,b\n", {"encoding": "hex"}, r"no encoding 'hex'"),
    ],
)
def test_errors_say_where_and_what_to_do(data, options, message) -> None:
    with pytest.raises(InputError, match=message):
        rows(data, **options)


@pytest.mark.parametrize("length", [3, 8191, 8192, 20_011])
def test_the_line_of_a_wrong_byte_is_right_wherever_it_lies(length) -> None:
    generator = random.Random(length)
    lines = [b"%d,x" % generator.randrange(10**6) for _ in range(length)]
    wrong = generator.randrange(length)
    lines[wrong] += b"\xff"
    with pytest.raises(InputError, match=rf"line {wrong + 2} is not utf-8"):
        rows(b"a,b\n" + b"\n".join(lines))


def test_damaged_files_and_wrong_arguments(tmp_path) -> None:
    whole = gzip.compress(json.dumps({"text": "a" * 99}).encode() * 50)
    with pytest.raises(DamagedFileError, match="is damaged"):
        rows(whole[:-9])
    with pytest.raises(DamagedFileError, match="is damaged"):
        rows(whole[:2] + b"\0" + whole[3:])
    with pytest.raises(InputError, match=r"cannot read .*none\.csv"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(TypeError, match="gives text"):
        read_table(io.StringIO("a,b"))
    with pytest.raises(TypeError, match="columns: 'text' is one name"):
        read_table(io.BytesIO(b"a"), columns="text")


def test_other_encodings() -> None:
    assert rows("a,b\nß,é\n".encode("latin-1"), encoding="latin-1") == [(2, {"a": "ß", "b": "é"})]
    assert rows("a,b\nß,é\n".encode("utf-16"), encoding="utf-16") == [(2, {"a": "ß", "b": "é"})]
