"""Lexicons: the digits, and files in the manner of the CMU dictionary."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatework.data.sound.lexicon import DIGIT_WORDS, DIGITS, Lexicon, read_lexicon
from gatework.errors import InputError

CMU = """;;; a comment
READ  R EH1 D
READ(2)  R IY1 D
a AH0 # the article
# another comment

A(1)  EY1
'BOUT\tB AW1 T
"""


def test_the_ten_digits() -> None:
    assert len(DIGITS) == len(DIGIT_WORDS) == 10
    assert len(DIGITS.phonemes) == 19
    assert DIGITS.phonemes_of("seven Three ZERO") == ["S", "EH", "V", "AH", "N", "TH", "R", "IY", "Z", "IH", "R", "OW"]
    assert DIGITS.phonemes_of([DIGIT_WORDS[8], "one"]) == ["EY", "T", "W", "AH", "N"]
    assert DIGITS.phonemes_of("") == []
    usual = {ways[0] for ways in DIGITS.pronunciations.values()}
    assert len(usual) == 10  # no two sound alike


def test_a_lexicon_is_read(tmp_path: Path) -> None:
    (tmp_path / "lexicon.txt").write_text(CMU)
    lexicon = read_lexicon(tmp_path / "lexicon.txt")
    assert lexicon.pronunciations == {
        "read": (("R", "EH", "D"), ("R", "IY", "D")),
        "a": (("AH",), ("EY",)),
        "'bout": (("B", "AW", "T"),),
    }
    assert lexicon.phonemes_of("A 'bout read") == ["AH", "B", "AW", "T", "R", "EH", "D"]
    assert lexicon.phonemes == ("AH", "AW", "B", "D", "EH", "EY", "IY", "R", "T")
    assert "Read" in lexicon
    assert "write" not in lexicon
    stressed = read_lexicon(tmp_path / "lexicon.txt", stress=True)
    assert stressed.phonemes_of("a read") == ["AH0", "R", "EH1", "D"]


def test_phonemes_of_other_alphabets_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "lexicon.txt").write_text("\ufeffs\u00ed s i1\nno n o\n", encoding="utf-8")
    assert read_lexicon(tmp_path / "lexicon.txt").phonemes_of(["S\u00cd"]) == ["s", "i1"]


def test_unknown_words_are_named() -> None:
    with pytest.raises(InputError, match=r"no word 'Eigth': did you mean 'eight'\?"):
        DIGITS.phonemes_of("one Eigth")
    many = Lexicon({f"word{n}": (("W",),) for n in range(51)})
    with pytest.raises(InputError, match="no word 'x': add a line with its phonemes"):
        many.phonemes_of("x")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"ONE W AH N\nTWO\n", "line 2 of .*no phonemes for 'TWO'"),
        (b";;; ONE W AH N\n\n# x", "holds no words"),
        (b"", "holds no words"),
        (b"\xff\xfe", "not UTF-8"),
        (None, "No such file"),
    ],
)
def test_files_that_are_no_lexicon_are_named(tmp_path: Path, content: bytes | None, cause: str) -> None:
    path = tmp_path / "lexicon.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=cause) as raised:
        read_lexicon(path)
    assert "lexicon.txt" in str(raised.value)
