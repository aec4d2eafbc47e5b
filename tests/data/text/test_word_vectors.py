"""Word vectors: hand-written bytes of each format, and what is wrong with files says so before memory is taken."""

from __future__ import annotations

import gzip
import os
import struct

import numpy as np
import pytest

from gatework.data.text.neighbours import nearest
from gatework.data.text.word_vectors import coverage, read_word_vectors
from gatework.data.text.write_word_vectors import write_word_vectors
from gatework.errors import DamagedFileError, InputError

WORDS = ["the", "naïve", "Straße"]
NUMBERS = np.array([[0.1, -2.5, 3e-8], [7, 0, -1e10], [1.5, 1 / 3, 2]], np.float32)
GLOVE = "the 0.1 -2.5 3e-8\nnaïve 7 0 -1e10\nStraße 1.5 0.33333334 2\n".encode()
BINARY = [word.encode() + b" " + struct.pack("<3f", *row) for word, row in zip(WORDS, NUMBERS, strict=True)]
FILES = {
    "glove": GLOVE,
    "glove crlf": GLOVE.replace(b"\n", b"\r\n"),
    "word2vec text": b"3 3\n" + GLOVE,
    "word2vec text of the C program": b"3 3\n" + GLOVE.replace(b"\n", b" \n"),
    "binary of the C program": b"3 3\n" + b"\n".join(BINARY) + b"\n",
    "binary without line ends": b"3 3\n" + b"".join(BINARY),
    "compressed text": gzip.compress(GLOVE),
    "compressed binary": gzip.compress(b"3 3\n" + b"".join(BINARY)),
}


@pytest.fixture
def file(tmp_path):
    def write(data: bytes):
        (tmp_path / "vectors").write_bytes(data)
        return tmp_path / "vectors"

    return write


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_formats(file, data) -> None:
    words, vectors = read_word_vectors(file(data))
    assert words == WORDS
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, NUMBERS)
    kept = read_word_vectors(file(data), {"Straße", "the", "unheard"})
    assert kept.words == ["the", "Straße"]
    assert np.array_equal(kept.vectors, NUMBERS[[0, 2]])
    assert read_word_vectors(file(data), limit=2).words == WORDS[:2]
    assert read_word_vectors(file(data), {"Straße"}, limit=2).vectors.shape == (0, 3)


def test_the_first_of_equal_words_counts(file) -> None:
    words, vectors = read_word_vectors(file(b"a 1 2\nb 3 4\na 5 6\n"))
    assert (words, vectors.tolist()) == (["a", "b"], [[1, 2], [3, 4]])


def test_words_may_hold_blanks_and_wrong_bytes(file) -> None:
    words, vectors = read_word_vectors(file(b"a 1 2\n. . . 3 4\nm\xe4n 5 6\n\xc2\xa0 7 8\n"))
    assert words == ["a", ". . .", "m\ufffdn", "\xa0"]
    assert vectors[:, 1].tolist() == [2, 4, 6, 8]


@pytest.mark.parametrize("first", [b"\n", b" ", b"1", b"\r"])
def test_numbers_whose_bytes_look_like_text_are_still_binary(file, first) -> None:
    number = struct.unpack("<f", first + b"\0\0\x3f")[0]
    data = b"2 1\na " + struct.pack("<f", number) + b"b " + struct.pack("<f", 2)
    words, vectors = read_word_vectors(file(data))
    assert (words, vectors.tolist()) == (["a", "b"], [[number], [2]])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"a 1 2\nb 3\n", InputError, r"line 2 has 1 numbers, the first word 2"),
        (b"a 1 2\nb 3 4 5\n", InputError, r"line 2 has 3 numbers, the first word 2"),
        (b"2 2\na 1 2\nb 3\n", InputError, r"line 3 has 1 numbers"),
        (b"a 1 2\n\nb 3 4\n", InputError, r"line 2 has"),
        (b"a 1 2\nb 3 x\n", InputError, r"line 2 holds something else than numbers"),
        (b"a 1 2\nb 3 1e39\n", InputError, r"vector of 'b' is not finite"),
        (b"once upon a time\n", InputError, r"holds no word vectors"),
        (b"", InputError, r"holds no word vectors"),
        (b"3 2\na 1 2\nb 3 4\n", InputError, r"holds 2 words, its first line says 3"),
        (b"1 2\na 1 2\nb 3 4\n", InputError, r"holds 2 words, its first line says 1"),
        (b"2 0\na \nb \n", InputError, r"dimension 0"),
        (b"2 99999999999\na \x01\x02\n", InputError, r"dimension 99999999999"),
        (b"99999999999 3\n" + BINARY[0], DamagedFileError, r"need 1,400,000,000,000"),
        (b"3 3\n" + b"".join(BINARY)[:-1], DamagedFileError, r"breaks off in vector 3 of 3"),
        (b"4 3\n" + b"".join(BINARY), DamagedFileError, r"59 bytes, but 4 vectors of dimension 3 need 60"),
        (gzip.compress(b"4 3\n" + b"".join(BINARY)), DamagedFileError, r"breaks off in vector 4 of 4"),
        (b"2 3\n" + b"".join(BINARY), DamagedFileError, r"goes on after its 2 vectors"),
        (gzip.compress(b"99999999999 3\n" + BINARY[0]), DamagedFileError, r"breaks off in vector 2"),
        (b"1 1\n" + b"a" * 5000 + b" \x01\x02\x03\x04", DamagedFileError, r"breaks off in vector 1"),
        (gzip.compress(GLOVE)[:-12], DamagedFileError, r"is damaged"),
    ],
)
def test_wrong_files(file, data, error, message) -> None:
    with pytest.raises(error, match=message):
        read_word_vectors(file(data))


@pytest.mark.parametrize("name", ["vectors", "vectors.gz"])
@pytest.mark.parametrize("format", ["glove", "word2vec-text", "word2vec-binary"])
def test_what_is_written_is_read(tmp_path, format, name) -> None:
    vectors = np.random.default_rng(3).standard_normal((len(WORDS), 11)).astype(np.float32)
    write_word_vectors(tmp_path / name, WORDS, vectors, format)
    words, found = read_word_vectors(tmp_path / name)
    assert words == WORDS
    assert np.array_equal(found, vectors)
    with (gzip.open if name.endswith(".gz") else open)(tmp_path / name, "rb") as opened:
        start = opened.read()[: 5 + 4]
    assert start == {"glove": b"the " + str(vectors[0, 0]).encode()[:5]}.get(format, b"3 11\nthe ")
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_pipe_cannot_be_read_twice(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is no regular file"):
        read_word_vectors(tmp_path / "pipe")


def test_what_cannot_be_written(tmp_path) -> None:
    target = tmp_path / "vectors"
    for word in ("", "New York", "a\n", "a\t"):
        with pytest.raises(InputError, match="is empty or holds a blank"):
            write_word_vectors(target, ["a", word], NUMBERS[:2])
    with pytest.raises(InputError, match="'b' occurs twice"):
        write_word_vectors(target, ["a", "b", "b"], NUMBERS)
    with pytest.raises(ValueError, match=r"vectors: shape \(3, 3\), expected \(1, dimension\)"):
        write_word_vectors(target, ["a"], NUMBERS)
    with pytest.raises(ValueError, match="not all numbers are finite"):
        write_word_vectors(target, ["a"], np.array([[np.nan]]))
    with pytest.raises(ValueError, match="format: 'pickle'"):
        write_word_vectors(target, ["a"], NUMBERS[:1], "pickle")
    assert not target.exists()


def test_coverage() -> None:
    assert coverage(["a", "b", "a", "c"], ["c", "a", "x"]) == (2, 3, None, ("b",))
    counted = coverage({"a": 5, "b": 1, "c": 2, "d": 9}, {"a", "d"})
    assert (counted.found, counted.total, counted.missing) == (2, 4, ("c", "b"))
    assert counted.share == 0.5
    assert counted.running == pytest.approx(14 / 17)
    assert coverage([], ["a"]).share == 0
    assert coverage({}, ["a"]).running == 0


def test_nearest_is_brute_force() -> None:
    generator = np.random.default_rng(7)
    words = [f"w{number}" for number in range(31)]
    vectors = generator.standard_normal((31, 5)).astype(np.float32)
    vectors[11] = 0
    by_hand = sorted(
        (
            (-float(np.dot(vectors[4], row) / np.linalg.norm(vectors[4]) / np.linalg.norm(row)), word)
            for word, row in zip(words, vectors, strict=True)
            if word not in ("w4", "w11")
        ),
    )
    found = nearest(words, vectors, "w4", 40)
    assert [word for word, _ in found] == [word for _, word in by_hand]
    assert [cosine for _, cosine in found] == pytest.approx([-negative for negative, _ in by_hand], abs=1e-6)
    assert nearest(words, vectors, 3 * vectors[4], 1) == [("w4", pytest.approx(1, abs=1e-6))]
    with pytest.raises(InputError, match="no vector for 'W4': did you mean 'w4'"):
        nearest(words, vectors, "W4")
    with pytest.raises(InputError, match="no vector for 'v': choose another word"):
        nearest(words, vectors, "v")
    with pytest.raises(InputError, match="points nowhere"):
        nearest(words, vectors, "w11")
    with pytest.raises(ValueError, match=r"query: shape \(4,\), expected \(5,\)"):
        nearest(words, vectors, np.ones(4))
    with pytest.raises(ValueError, match="count: 0"):
        nearest(words, vectors, "w4", 0)
    with pytest.raises(ValueError, match="vectors: shape"):
        nearest(words[1:], vectors, "w4")
