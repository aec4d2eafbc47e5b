"""Tagged sentences as a data set: parts, limits, notes, and what cannot be learnt from."""

from __future__ import annotations

import dataclasses
import io
import sys
from pathlib import Path

import numpy as np
import pytest

from gatework.data import write_word_vectors
from gatework.data.tagging.tag_codec import NO_TAG
from gatework.data.tagging.tagged_dataset import LONG, load_tagged
from gatework.errors import InputError
from gatework.settings.tasks.tag import TagData

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def text(sentences: list[list[tuple[str, str]]]) -> str:
    return "\n".join("".join(f"{word}\t{tag}\n" for word, tag in sentence) for sentence in sentences)


def write(path: Path, sentences: list[list[tuple[str, str]]]) -> str:
    path.write_text(text(sentences), encoding="utf-8")
    return str(path)


@pytest.fixture
def alphabet(tmp_path: Path) -> str:
    """26 sentences: a letter, and from 0 to 3 times a full stop."""
    stops = [[(".", "PUNCT")] * (place % 4) for place in range(26)]
    return write(tmp_path / "my.tsv", [[(letter, "X"), *more] for letter, more in zip(LETTERS, stops, strict=True)])


def words_of(part) -> list[tuple[str, ...]]:
    return [example.words for example in part]


def test_parts_are_drawn_and_the_codec_knows_the_training_part_alone(alphabet: str) -> None:
    data = load_tagged(TagData(sources=[alphabet], validation=0.2, test=0.1))
    assert (len(data.train), len(data.validation), len(data.test)) == (18, 5, 3)
    every = [example.words[0] for part in (data.train, data.validation, data.test) for example in part]
    assert sorted(every) == list(LETTERS)
    assert data.codec.seen == {word for words in words_of(data.train) for word in words}
    assert all(example.unseen[0] for example in data.validation)
    assert not any(example.unseen.any() for example in data.train)
    assert data.name == "my.tsv"
    again, other = (load_tagged(TagData(sources=[alphabet], split_seed=seed)) for seed in (0, 1))
    assert again.fingerprint == load_tagged(TagData(sources=[alphabet])).fingerprint != other.fingerprint


def test_files_of_their_own_are_parts(alphabet: str, tmp_path: Path) -> None:
    held = write(tmp_path / "held.tsv", [[("zz", "X")]])
    last = write(tmp_path / "last.tsv", [[("yy", "X")], [("xx", "PUNCT")]])
    data = load_tagged(TagData(sources=[alphabet], validation_data=[held], test_data=[last], test=0.5))
    assert len(data.train) == 26
    assert words_of(data.validation) == [("zz",)]
    assert words_of(data.test) == [("yy",), ("xx",)]


def test_long_training_sentences_are_left_out(alphabet: str) -> None:
    data = load_tagged(TagData(sources=[alphabet], max_length=2, validation=0))
    assert max(len(words) for words in words_of(data.train)) == 2
    assert len(data.train) == 14
    assert data.notes == ("12 training sentences of more than 2 words are left out",)


def test_a_sentence_that_lacks_its_end_is_noted(tmp_path: Path) -> None:
    long = write(tmp_path / "long.tsv", [[("a", "X")], [("b", "Y")] * (LONG + 1)])
    data = load_tagged(TagData(sources=[long], validation=0))
    assert data.notes[0].startswith("the longest sentence, at line 3, has 501 words")


def test_tags_that_training_lacks_are_named_and_get_no_number(alphabet: str, tmp_path: Path) -> None:
    held = write(tmp_path / "held.tsv", [[("a", "X"), ("b", "SYM"), ("c", "SYM")], [("d", "X")]])
    data = load_tagged(TagData(sources=[alphabet], validation_data=[held]))
    assert data.notes == ("the validation part has tags that training did not have, which count as wrong: 'SYM' (2)",)
    assert [example.tags.tolist() for example in data.validation] == [[1, NO_TAG, NO_TAG], [1]]
    given = load_tagged(TagData(sources=[held], validation=0), codec=data.codec)
    assert given.codec is data.codec
    assert given.notes[0].startswith("held.tsv has tags")
    wrong = write(tmp_path / "wrong.tsv", [[("a", "X"), ("b", "DET")], [("c", "NOUN")]])
    with pytest.raises(
        InputError, match=r"all sentences of wrong.tsv have tags .*: 'DET' \(1\), 'NOUN' \(1\): it knows"
    ):
        load_tagged(TagData(sources=[wrong], validation=0), codec=data.codec)


def test_columns_by_number(tmp_path: Path) -> None:
    path = tmp_path / "three.txt"
    path.write_text("1 the D\n2 cat N\n\n1 a D\n2 dog N\n", encoding="utf-8")
    data = load_tagged(TagData(sources=[str(path)], word_column=1, tag_column=-1, validation=0))
    assert words_of(data.train) == [("the", "cat"), ("a", "dog")]
    assert data.codec.tags.names == ("D", "N")


def test_standard_input_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = b"a\tX\nb\tY\n\nc\tX\nd\tY\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    data = load_tagged(TagData(sources=["-"], validation=0), keep=tmp_path / "kept")
    assert words_of(data.train) == [("a", "b"), ("c", "d")]
    assert (tmp_path / "kept").read_bytes() == given
    assert data.name == "standard input"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\tX\nb\n")))
    with pytest.raises(InputError, match="standard input line 2 has only 1 columns"):
        load_tagged(TagData(sources=["-"]))


def test_words_of_vectors_are_known(alphabet: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    write_word_vectors(path, ["zebra", "a", "Ox", "yak"], np.ones((4, 3)))
    config = TagData(sources=[alphabet], validation=0, word_vectors=str(path))
    data = load_tagged(config)
    assert data.codec.words.names[-2:] == ("zebra", "yak")
    assert data.vectors is not None
    assert data.vectors.words == ["zebra", "a", "yak"]
    fewer = load_tagged(config.model_copy(update={"vector_words": 2}))
    assert fewer.codec.words.names[-1] == "zebra"
    assert load_tagged(TagData(sources=[alphabet])).vectors is None
    write_word_vectors(path, ["qq"], np.ones((1, 3)))
    with pytest.raises(InputError, match=r"has none of the .* training words"):
        _ = dataclasses.replace(data).vectors


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "my.tsv holds no sentence"),
        ("a\tX\nb\tX\n", {"validation": 0}, "all training words of my.tsv have the tag 'X': .*--tag-column"),
        ("a\tX\nb\n", {}, "line 2 has only 1 columns"),
        ("a\tX\nb\tY\n", {"validation": 0.6}, "gives no training sentence"),
        ("a\tX\nb\tY\n", {"tag_column": 4}, "no column 4 for the tag"),
        ("a\tX\nb\tY\n", {"validation": 0, "max_length": 1}, "gives no training example"),
        ("a\tX\nb\tY\n", {"validation": 0, "word_vectors": "none.txt"}, "none.txt"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(tmp_path, monkeypatch, content, options, message) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_tagged(TagData(sources=["my.tsv"], **options))
    with pytest.raises(InputError, match="there is nothing to learn from"):
        load_tagged(TagData())
