"""Parallel texts: pairs stay pairs, whatever form they come in."""

from __future__ import annotations

import gzip
import io

import pytest

from gatework.data.translation.parallel import read_parallel_files, read_parallel_table
from gatework.errors import InputError


def stream(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def test_two_files(tmp_path) -> None:
    (tmp_path / "a.en").write_text("one\n two \u2028 more\r\n\n \nfive")
    (tmp_path / "a.de.gz").write_bytes(gzip.compress("eins\nzwei\ndrei\n\nfünf\n".encode()))
    text = read_parallel_files(tmp_path / "a.en", tmp_path / "a.de.gz")
    for _ in range(2):
        assert [tuple(pair) for pair in text] == [
            ("one", "eins", 1),
            ("two \u2028 more", "zwei", 2),
            ("five", "fünf", 5),
        ]
        assert text.dropped == 2


@pytest.mark.parametrize(("left", "right"), [(5, 3), (3, 5), (1, 0), (0, 2)])
def test_unequal_files_say_which_is_longer(tmp_path, left, right) -> None:
    for name, lines in {"a.en": left, "a.de": right}.items():
        (tmp_path / name).write_text("x\n" * lines)
    longer, shorter = ("a.en", "a.de") if left > right else ("a.de", "a.en")
    pairs = iter(read_parallel_files(tmp_path / "a.en", tmp_path / "a.de"))
    assert [next(pairs).line for _ in range(min(left, right))] == list(range(1, min(left, right) + 1))
    message = rf"{longer} has {max(left, right)} lines but \S*{shorter} only {min(left, right)}: "
    with pytest.raises(InputError, match=message):
        next(pairs)


def test_a_table_with_named_columns(tmp_path) -> None:
    text = 'id,de,en\n1,"ja, gern","yes, please"\n2,,nothing\n'
    (tmp_path / "pairs.csv").write_text(text)
    pairs = read_parallel_table(tmp_path / "pairs.csv", columns=("en", "de"))
    for _ in range(2):
        assert [tuple(pair) for pair in pairs] == [("yes, please", "ja, gern", 2)]
        assert pairs.dropped == 1
    with pytest.raises(InputError, match="has no column 'fr', only 'id', 'de', 'en'"):
        read_parallel_table(tmp_path / "pairs.csv", columns=("en", "fr"))
    numbers = read_parallel_table(stream('{"en": "a", "de": "b"}\n{"en": "a", "de": null}\n'), columns=("en", "de"))
    with pytest.raises(InputError, match="line 2 holds None, which is no text"):
        list(numbers)


def test_one_file_parted_by_tabs() -> None:
    text = read_parallel_table(stream('"Go."\tVa !\tCC-BY 2.0\nRun!\tCours\u2009!\n\n\tx\n'))
    assert [tuple(pair) for pair in text] == [('"Go."', "Va !", 1), ("Run!", "Cours\u2009!", 2)]
    assert text.dropped == 1
    with pytest.raises(InputError, match="can be read only once"):
        iter(text)
    with pytest.raises(InputError, match="line 2 has no tab"):
        list(read_parallel_table(stream("a\tb\nc d\n")))


def test_standard_input_cannot_be_both() -> None:
    with pytest.raises(InputError, match="given for both"):
        read_parallel_files("-", "-")


def test_multi30k(gatework_data) -> None:
    folder = gatework_data / "multi30k"
    text = read_parallel_files(folder / "val.en", folder / "val.de")
    pairs = list(text)
    assert (len(pairs), text.dropped) == (1014, 0)
    english, german = ((folder / f"val.{language}").read_text().split("\n")[:1014] for language in ("en", "de"))
    assert [(pair.source, pair.target) for pair in pairs] == [
        (one.strip(), other.strip()) for one, other in zip(english, german, strict=True)
    ]
