"""Vocabularies: the way from text to ids and back, their order, and what is written of them."""

from __future__ import annotations

import json
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.codec import load_codec, save_codec
from gatework.data.text.vocabulary import DOCUMENT, UNKNOWN, Vocabulary
from gatework.data.text.words import split_words
from gatework.errors import DamagedFileError, InputError

TEXTS = st.text(max_size=59)
LEVELS = st.sampled_from(["character", "byte", "word"])
UNITS = {"character": list, "byte": lambda text: [], "word": split_words}


def vocabulary_of(level: str, text: str, **options: object) -> Vocabulary:
    return Vocabulary.build(level, Counter(UNITS[level](text)), **options)


@given(TEXTS, st.booleans())
def test_characters_come_back(text: str, document: bool) -> None:
    vocabulary = vocabulary_of("character", text, document=document)
    ids = vocabulary.encode(text)
    assert ids.dtype == np.int64
    assert len(ids) == len(text)
    assert [vocabulary.symbols[number] for number in ids] == list(text)
    assert vocabulary.decode(ids) == text


@given(TEXTS, st.booleans())
def test_bytes_come_back(text: str, document: bool) -> None:
    vocabulary = vocabulary_of("byte", text, document=document)
    assert vocabulary.encode(text).tolist() == list(text.encode())
    assert vocabulary.decode(vocabulary.encode(text)) == text


PROSE = st.lists(
    st.sampled_from(["don't", "-", "--", "a", "é", "\u0301", '"', "'", "(", ")", " ", "\n", ".", "3", "$", "\t"])
)


@given(st.one_of(TEXTS, PROSE.map("".join)))
def test_words_come_back_as_the_same_words(text: str) -> None:
    vocabulary = vocabulary_of("word", text)
    ids = vocabulary.encode(text)
    assert [vocabulary.symbols[number] for number in ids] == split_words(text)
    assert split_words(vocabulary.decode(ids)) == split_words(text)


@pytest.mark.parametrize(
    "text",
    [
        'He said: "I don\'t know (yet) -- do you?" and left.\n\n"Well-known," she said; "3.14 or 10,000!"\n',
        "KING:\nWhat, is’t so?\n  ".rstrip(" "),
        "¿Qué? ¡Sí! «Es así», dijo; costó $5, el 10% [más o menos].",
        "e\u0301te\u0301 हिन्दी",
    ],
)
def test_prose_comes_back_to_the_letter(text: str) -> None:
    vocabulary = vocabulary_of("word", text)
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_words_are_split_at_marks() -> None:
    text = "It's 3.14, \"well-known\"...\tisn't it?\n"
    tokens = ["It's", "3.14", ",", '"', "well-known", '"', ".", ".", ".", "isn't", "it", "?", "\n"]
    assert split_words(text) == tokens


@given(LEVELS, TEXTS, st.lists(st.integers(1, 7), max_size=23))
def test_a_decoder_fed_piecemeal_gives_the_same_text(level: str, text: str, cuts: list[int]) -> None:
    vocabulary = vocabulary_of(level, text)
    ids = vocabulary.encode(text)
    pieces = np.split(ids, [cut for cut in np.cumsum(cuts) if cut < len(ids)])
    decoder = vocabulary.decoder()
    assert "".join(decoder.feed(piece) for piece in pieces) + decoder.flush() == vocabulary.decode(ids)


def test_a_character_of_many_bytes_is_given_out_whole() -> None:
    decoder = Vocabulary.build("byte", {}, document=True).decoder()
    assert [decoder.feed([byte]) for byte in "a€".encode()] == ["a", "", "", "€"]
    assert decoder.feed([0xC3]) == ""
    assert decoder.flush() == "\N{REPLACEMENT CHARACTER}"
    assert decoder.feed([0xC3, 256, 98]) == "\N{REPLACEMENT CHARACTER}b"


def test_the_order_is_special_then_code_points_or_counts() -> None:
    assert Vocabulary.build("character", {"z": 5, "é": 9, "\n": 1, "a": 1}, document=True).symbols == (
        UNKNOWN,
        DOCUMENT,
        *"\nazé",
    )
    words = Vocabulary.build("word", {"pear": 2, "fig": 7, "apple": 2, "kiwi": 1})
    assert words.symbols == (UNKNOWN, "fig", "apple", "pear", "kiwi")
    assert (words.unknown, words.document, len(words)) == (0, None, 5)
    octets = Vocabulary.build("byte", {"x": 3}, document=True)
    assert (octets.symbols[97], octets.symbols[128], octets.symbols[10]) == ("a", "\\x80", "\\x0a")
    assert (octets.unknown, octets.document, len(octets)) == (None, 256, 257)


@given(st.dictionaries(st.characters(exclude_categories=["Cs"]), st.integers(1, 5)), st.randoms())
def test_the_order_does_not_depend_on_where_symbols_stand(counts: dict[str, int], shuffler: random.Random) -> None:
    items = list(counts.items())
    shuffler.shuffle(items)
    for level in ("character", "word"):
        assert Vocabulary.build(level, dict(items), max_size=5) == Vocabulary.build(level, counts, max_size=5)


def test_the_cut_off_keeps_the_most_frequent_and_the_required() -> None:
    counts = {"a": 1, "b": 3, "c": 3, "d": 2}
    assert Vocabulary.build("character", counts, min_count=2).ordinary == ("b", "c", "d")
    assert Vocabulary.build("character", counts, max_size=3).ordinary == ("b", "c")
    assert Vocabulary.build("character", counts, max_size=3, document=True).ordinary == ("b",)
    assert Vocabulary.build("character", counts, max_size=3, separator="za").ordinary == ("a", "z")
    assert Vocabulary.build("word", counts, max_size=3, separator="z").ordinary == ("b", "z")


def test_what_is_not_known_is_unknown() -> None:
    vocabulary = Vocabulary.build("character", {"a": 1, "c": 1}, document=True)
    assert vocabulary.encode("abc😀\0").tolist() == [2, 0, 3, 0, 0]
    assert vocabulary.decode([1, 2, 0, 3, 1]) == "a\N{REPLACEMENT CHARACTER}c"
    assert vocabulary.missing("zabzy") == ["z", "b", "y"]
    words = Vocabulary.build("word", {"a": 1, ".": 1})
    assert words.missing("so it is, a so.") == ["so", "it", "is", ","]
    assert words.decode(words.encode("a b.")) == "a \N{REPLACEMENT CHARACTER}."
    assert Vocabulary.build("byte", {}).missing("é") == []


@pytest.mark.parametrize("ids", [[-1], [2, 3]])
@pytest.mark.parametrize("level", ["character", "word"])
def test_ids_from_elsewhere_are_refused(level: str, ids: list[int]) -> None:
    with pytest.raises(ValueError, match="outside the vocabulary of 3"):
        Vocabulary.build(level, {"a": 1, "b": 1}).decode(ids)


@given(LEVELS, TEXTS, st.booleans())
def test_json_keeps_a_vocabulary(level: str, text: str, document: bool) -> None:
    vocabulary = vocabulary_of(level, text, document=document, separator="\n. ")
    assert Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json()))) == vocabulary


def test_a_file_keeps_a_vocabulary(tmp_path) -> None:
    vocabulary = vocabulary_of("character", "naïve\u2028\n😀", document=True)
    save_codec(vocabulary, tmp_path)
    assert load_codec(Vocabulary, tmp_path) == vocabulary
    with pytest.raises(InputError):
        load_codec(Vocabulary, tmp_path / "none")


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "word",
        {},
        {"level": "character"},
        {"level": "character", "symbols": "abc"},
        {"level": "character", "symbols": ["a", "b"], "separator": ""},
        {"level": "character", "symbols": [UNKNOWN, "a", "a"], "separator": ""},
        {"level": "character", "symbols": [UNKNOWN, "a", DOCUMENT], "separator": ""},
        {"level": "character", "symbols": [UNKNOWN, "ab"], "separator": ""},
        {"level": "character", "symbols": [UNKNOWN, ""], "separator": ""},
        {"level": "word", "symbols": [UNKNOWN, "a"]},
        {"level": "word", "symbols": [UNKNOWN, "a"], "separator": "b"},
        {"level": "word", "symbols": [UNKNOWN, "a"], "separator": None},
        {"level": "word", "symbols": [UNKNOWN, 7], "separator": ""},
        {"level": "word", "symbols": [UNKNOWN, ["a"]], "separator": ""},
        {"level": "byte", "symbols": [UNKNOWN, "a"], "separator": ""},
        {"level": "letter", "symbols": [UNKNOWN, "a"], "separator": ""},
        {"level": ["word"], "symbols": [UNKNOWN, "a"], "separator": ""},
    ],
)
def test_nonsense_is_no_vocabulary(value: object, tmp_path) -> None:
    with pytest.raises(DamagedFileError):
        Vocabulary.from_json(value)
    path = tmp_path / "vocabulary.json"
    path.write_text(json.dumps(value))
    with pytest.raises(DamagedFileError, match=r"vocabulary\.json"):
        load_codec(Vocabulary, tmp_path)
