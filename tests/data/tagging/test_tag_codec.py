"""What a tagger knows of words: numbers, spelling, tags, and nothing trusted that is read."""

from __future__ import annotations

import json

import pytest

from gatework.data.tagging.tag_codec import LONGEST_WORD, NO_TAG, TaggerCodec
from gatework.data.text.symbols import UNKNOWN
from gatework.errors import DamagedFileError

SENTENCES = [["The", "cat", "saw", "the", "CAT"], ["A", "10 000", "cats"]]
TAGS = [["D", "N", "V", "D", "N"], ["D", "M", "N"]]


def make(**options: object) -> TaggerCodec:
    return TaggerCodec.build(SENTENCES, TAGS, **options)


def test_words_are_looked_up_in_small_letters_but_counted_as_they_are_written() -> None:
    codec = make()
    assert codec.words.names == (UNKNOWN, "cat", "the", "10 000", "a", "cats", "saw")
    example = codec.encode(["THE", "cat", "dog", "10 000"], ["D", "N", "?", "M"])
    assert example.words == ("THE", "cat", "dog", "10 000")
    assert example.numbers.tolist() == [2, 1, 0, 3]
    assert example.unseen.tolist() == [True, False, True, False]
    assert codec.tags.names == ("D", "M", "N", "V")
    assert example.tags.tolist() == [0, 2, NO_TAG, 1]
    assert codec.trained_words == {"cat", "the", "10 000", "a", "cats", "saw"}
    assert make(lower=False).words.names[1:] == ("10 000", "A", "CAT", "The", "cat", "cats", "saw", "the")
    assert make(lower=False).trained_words == make().seen


def test_rare_words_are_unknown_but_not_unseen() -> None:
    codec = make(min_count=2)
    assert codec.words.names == (UNKNOWN, "cat", "the")
    example = codec.encode(["saw", "ran"])
    assert (example.numbers.tolist(), example.unseen.tolist()) == ([0, 0], [False, True])
    assert example.tags.tolist() == [NO_TAG, NO_TAG]
    assert make(max_vocabulary=2).words.names == (UNKNOWN, "cat")


def test_words_of_pretrained_vectors_are_known_too() -> None:
    codec = make(min_count=2, more_words=["cat", "Dog", "dog", "ox"])
    assert codec.words.names == (UNKNOWN, "cat", "the", "dog", "ox")
    assert codec.encode(["Dog"]).unseen.tolist() == [True]
    assert make(min_count=2, lower=False, more_words=["Dog"]).words.names[-1] == "Dog"
    assert make(min_count=2, max_vocabulary=4, more_words=["dog", "ox"]).words.names[-1] == "dog"


def test_characters_keep_their_case_and_rare_ones_are_unknown() -> None:
    codec = make()
    names = codec.characters.names
    assert [names[number] for number in codec.spell("Ccat")] == ["<start>", UNKNOWN, "c", "a", "t", "<end>"]
    assert {"A", "C", "0"} & set(names) == {"A"}  # C and 0 are of one word alone
    assert len(codec.spell("")) == 2


def test_of_a_long_word_both_ends_are_read() -> None:
    codec = make()
    head, tail = "cat" * 9, "saw" * 9
    spelled = codec.spell(head + "t" * 99 + tail)
    assert len(spelled) == LONGEST_WORD + 2
    assert spelled[1:21].tolist() == codec.spell(head)[1:21].tolist()
    assert spelled[21:].tolist() == codec.spell(tail)[-21:].tolist()


def test_spans_are_seen_from_the_tags() -> None:
    assert not make().has_spans
    assert TaggerCodec.build([["a", "b"]], [["B-X", "O"]]).has_spans


def test_json_keeps_it() -> None:
    codec = make(min_count=2)
    assert TaggerCodec.from_json(json.loads(json.dumps(codec.to_json()))) == codec


@pytest.mark.parametrize(
    "change",
    [
        {"seen": [1]},
        {"seen": None},
        {"tags": []},
        {"characters": {"splitting": "character", "names": [UNKNOWN], "lower": False, "special": 1}},
        {"words": {}},
    ],
)
def test_what_is_damaged_is_refused(change: dict) -> None:
    with pytest.raises(DamagedFileError, match=r"description of tags|no symbols|no labels"):
        TaggerCodec.from_json({**make().to_json(), **change})
    with pytest.raises(DamagedFileError):
        TaggerCodec.from_json([])


@pytest.mark.parametrize(("words", "tags"), [([], None), ([], []), (["a"], []), (["a", "b"], ["X"])])
def test_words_and_tags_must_be_as_many(words: list[str], tags: list[str] | None) -> None:
    with pytest.raises(ValueError, match="words and tags must be as many"):
        make().encode(words, tags)
