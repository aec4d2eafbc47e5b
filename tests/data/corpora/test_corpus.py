"""Corpora: from texts to divided tokens, whatever the pieces in which they are read."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data import Corpus, Vocabulary, load_corpus
from gatework.data.corpora import encode
from gatework.errors import InputError
from gatework.settings import CorpusConfig


def corpus_of(text: str | bytes, **options: object) -> Corpus:
    data = text if isinstance(text, bytes) else text.encode()
    return load_corpus(CorpusConfig(sources=["-"], **options), stdin=io.BytesIO(data))


def text_of(corpus: Corpus, ids: np.ndarray | None = None) -> str:
    return corpus.vocabulary.decode(corpus.tokens if ids is None else ids)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"a.txt": "one two", "b.txt": "three\n", "c.txt": "four\nfive"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@given(st.integers(2, 10**12), st.integers(0, 90), st.integers(0, 9))
def test_shares_are_exact(length: int, validation: int, test: int) -> None:
    config = CorpusConfig(validation=validation / 100, test=test / 100)
    assert config.train_share == Fraction(100 - validation - test, 100)
    assert int(CorpusConfig().train_share * length) == int(0.9 * length)


def test_the_corpus_is_divided_by_position() -> None:
    text = "abcdefghijklmnopqrst" * 5
    corpus = corpus_of(text, validation=0.05, test=0.05)
    assert int((1 - 0.05 - 0.05) * len(text)) == 89  # what floating point would make of it
    assert [len(split) for split in (corpus.train, corpus.validation, corpus.test)] == [90, 5, 5]
    assert text_of(corpus, corpus.train.tokens) == text[:90]
    assert text_of(corpus, corpus.validation.tokens) == text[90:95]
    assert text_of(corpus, corpus.test.tokens) == text[95:]
    assert len(corpus_of(text).test) == 0


@pytest.mark.parametrize("level", ["character", "word"])
def test_nothing_leaks_into_the_vocabulary(level: str) -> None:
    text = "b a " * 45 + "b z " * 5
    corpus = corpus_of(text, level=level)
    assert "z" not in corpus.vocabulary.symbols
    assert len(corpus.validation) == len(corpus.tokens) // 10
    known = Vocabulary.build(level, {"a": 45, "b": 45, " ": 90} if level == "character" else {"a": 45, "b": 45})
    assert corpus.vocabulary == known
    assert (corpus.validation.tokens == 0).sum() == 5
    assert not (corpus.train.tokens == 0).any()


def test_the_order_of_words_follows_the_training_part_alone() -> None:
    corpus = corpus_of("a a b " * 30 + "b " * 60, level="word", validation=0.4)
    assert corpus.vocabulary.ordinary == ("a", "b")


def test_rare_symbols_are_cut_off() -> None:
    corpus = corpus_of("aaabbc" * 7 + "d", min_count=2, max_vocabulary=3)
    assert corpus.vocabulary.ordinary == ("a", "b")
    assert corpus.tokens[:6].tolist() == [1, 1, 1, 2, 2, 0]
    with pytest.raises(InputError, match="no character occurs 9 times in the training part of standard input"):
        corpus_of("abcdefg", min_count=9)


def test_files_begin_with_the_document_symbol(folder: Path) -> None:
    corpus = load_corpus(CorpusConfig(sources=[str(folder)], validation=0.6))
    assert corpus.starts.tolist() == [0, 8, 15]
    assert corpus.starts.dtype == np.int64
    assert (corpus.tokens[corpus.starts] == corpus.vocabulary.document).all()
    assert (corpus.tokens == corpus.vocabulary.document).sum() == 3
    assert text_of(corpus, corpus.train.tokens) == "one two" + "t"
    assert corpus.train.starts.tolist() == [0, 8]
    assert corpus.validation.starts.tolist() == [0, 15 - len(corpus.train)]
    assert corpus.test.starts.tolist() == [0]
    assert corpus.separator == ()


def test_bytes_of_files_keep_their_values(folder: Path) -> None:
    corpus = load_corpus(CorpusConfig(sources=[str(folder)], level="byte"))
    assert corpus.tokens[:9].tolist() == [256, *b"one two", 256]
    assert corpus.tokens.dtype == np.uint16
    assert corpus_of(b"\xff\r\n", level="byte").tokens.tolist() == [255, 13, 10]


def test_files_are_parted_by_the_separator(folder: Path) -> None:
    corpus = load_corpus(CorpusConfig(sources=[str(folder)], separator=r"\n", validation=0))
    assert text_of(corpus) == "one two\nthree\nfour\nfive"
    assert corpus.vocabulary.document is None
    assert corpus.starts.tolist() == [0, 7, 13, 18]
    assert corpus.separator == (corpus.tokens[7],)
    assert corpus.vocabulary.separator == "\n"


def test_a_long_separator_resets_before_its_last_symbol(folder: Path) -> None:
    assert corpus_of("ab<|>cd<|>ef", separator="<|>").starts.tolist() == [0, 4, 9]
    assert corpus_of("a\n\n\nb", separator=r"\n\n").starts.tolist() == [0, 2]
    assert corpus_of("\na\nb", separator=r"\n").starts.tolist() == [0, 2]
    words = corpus_of("a b <|> c\n<|> d", separator="<|>", level="word")
    assert words.starts.tolist() == [0, 4, 9]
    assert [words.vocabulary.symbols[number] for number in words.separator] == ["<", "|", ">"]
    joined = load_corpus(CorpusConfig(sources=[str(folder)], separator=r"\n\n", validation=0))
    assert text_of(joined) == "one two\n\nthree\n\n\nfour\nfive"
    assert joined.starts.tolist() == [0, 8, 16]


def test_the_separator_is_known_even_where_training_never_meets_it() -> None:
    corpus = corpus_of("ab" * 45 + "ab|ab|ab|a", separator="|", min_count=3)
    assert "|" in corpus.vocabulary.symbols[corpus.separator[0]]
    assert corpus.train.starts.tolist() == [0]
    assert corpus.validation.starts.tolist() == [0, 2, 5, 8]


def test_a_separator_that_never_occurs_is_refused() -> None:
    with pytest.raises(InputError, match=r"separator '\|' does not occur in standard input"):
        corpus_of("abc" * 9, separator="|")
    with pytest.raises(InputError, match="holds no word"):
        corpus_of("abc" * 9, separator=" ", level="word")


TEXT = "Ünï 😀 don't  stop—3.14\r\n\r\nwell-known\r words\n\n¿qué? e\u0301t  \r\n\r\n" * 3


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64])
@pytest.mark.parametrize("level", ["character", "byte", "word"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_pieces_do_not_matter(level: str, encoding: str, size: int, monkeypatch) -> None:
    options = {"level": level, "encoding": encoding, "separator": "--" if level == "byte" else r"\n\n"}
    text = (TEXT + "--" + TEXT + "x" * 199).encode(encoding)
    if level == "byte":
        text = text.replace(b"-\0-", b"--")
    whole = corpus_of(text, **options)
    monkeypatch.setattr(encode, "CHUNK", size)
    pieces = corpus_of(text, **options)
    assert len(whole.starts) > 1
    assert pieces.tokens.tolist() == whole.tokens.tolist()
    assert pieces.starts.tolist() == whole.starts.tolist()
    assert pieces.vocabulary == whole.vocabulary
    assert pieces.fingerprint == whole.fingerprint


def test_lines_end_in_one_way_and_the_byte_order_mark_goes() -> None:
    text = "a\nb\r\nc\rd" + "a" * 40
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        corpus = corpus_of(text.encode(encoding), encoding=encoding)
        assert text_of(corpus) == "a\nb\nc\nd" + "a" * 40
    corpus = corpus_of(text.encode("utf-8-sig"))
    assert text_of(corpus) == "a\nb\nc\nd" + "a" * 40


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bytes_that_are_no_text_are_named(size: int, mark: bytes, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(encode, "CHUNK", size)
    path = tmp_path / "old.txt"
    path.write_bytes(mark + "é".encode() * 6 + "señor".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        load_corpus(CorpusConfig(sources=[str(path)]))
    assert caught.value.cause == f"{path} is not utf-8 text at byte {len(mark) + 14}"
    assert caught.value.remedy == "try --encoding latin-1 (or another), or --level byte"
    assert len(load_corpus(CorpusConfig(sources=[str(path)], level="byte")).tokens) == len(mark) + 17
    assert "señor" in text_of(load_corpus(CorpusConfig(sources=[str(path)], encoding="latin-1", validation=0)))


def test_a_compressed_text_is_to_be_unpacked(tmp_path) -> None:
    path = tmp_path / "old.txt.gz"
    path.write_bytes(gzip.compress(b"a text " * 20))
    with pytest.raises(InputError, match=r"old\.txt\.gz is compressed and no text: unpack it: gunzip .*old\.txt\.gz"):
        load_corpus(CorpusConfig(sources=[str(path)]))


def test_a_text_cut_within_a_character_is_named() -> None:
    with pytest.raises(InputError, match="standard input is not utf-8 text at byte 2"):
        corpus_of("ab€".encode()[:-1])


@pytest.mark.parametrize(("text", "level"), [("", "character"), ("\ufeff", "character"), (" \t", "word"), ("", "byte")])
def test_nothing_is_refused(text: str, level: str) -> None:
    with pytest.raises(InputError, match="standard input holds no text"):
        corpus_of(text, level=level)


def test_standard_input_kept_gives_the_same_corpus(tmp_path) -> None:
    config = CorpusConfig(sources=["-"])
    corpus = load_corpus(config, stdin=io.BytesIO(TEXT.encode()), keep=tmp_path / "kept.txt")
    again = load_corpus(CorpusConfig(sources=[str(tmp_path / "kept.txt")]))
    assert again.fingerprint == corpus.fingerprint
    assert corpus_of(TEXT + "a").fingerprint != corpus.fingerprint
    assert corpus_of(TEXT, separator=r"\n").fingerprint != corpus.fingerprint


def test_another_text_is_read_in_a_given_vocabulary(folder: Path) -> None:
    vocabulary = Vocabulary.build("character", {"o": 1, "n": 1, "e": 1})
    config = CorpusConfig(sources=[str(folder)], validation=0)
    plain = load_corpus(config, vocabulary=vocabulary)
    assert plain.vocabulary == vocabulary
    assert plain.tokens[:4].tolist() == [3, 2, 1, 0]
    assert plain.starts.tolist() == [0, 7, 13]
    marked = Vocabulary.build("character", {"o": 1}, document=True)
    alone = load_corpus(CorpusConfig(sources=[str(folder / "a.txt")]), vocabulary=marked)
    assert alone.tokens.tolist() == [1, 2, 0, 0, 0, 0, 0, 2]
    with pytest.raises(ValueError, match="level character"):
        load_corpus(CorpusConfig(level="word"), vocabulary=vocabulary)


def test_progress_counts_bytes(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(encode, "CHUNK", 4)
    told: list[tuple[int, int | None]] = []
    load_corpus(CorpusConfig(sources=[str(folder)]), progress=lambda *counts: told.append(counts))
    assert told == [(done, 22) for done in (4, 7, 11, 13, 17, 21, 22)]


def test_the_arrays_cannot_be_written() -> None:
    corpus = corpus_of(TEXT)
    for array in (corpus.tokens, corpus.train.tokens):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_memory_does_not_grow_with_the_corpus(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("gatework.data.corpora.corpus.IN_MEMORY", 50_000)
    monkeypatch.setattr("gatework.data.corpora.spool.READ", 50_000)
    monkeypatch.setattr(encode, "CHUNK", 50_000)
    peaks = []
    for times in (1, 6):
        path = tmp_path / f"{times}.txt"
        path.write_text("the cat\nsat é\n" * (30_000 * times))
        for level in ("character", "word"):
            tracemalloc.start()
            corpus = load_corpus(CorpusConfig(sources=[str(path)], level=level, separator=r"\n"), cache=tmp_path / "c")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert isinstance(corpus.tokens, np.memmap)
            assert len(corpus.tokens) == {"character": 14, "word": 6}[level] * 30_000 * times
    assert peaks[2] < 1.1 * peaks[0] + 200_000
    assert peaks[3] < 1.1 * peaks[1] + 200_000


def test_the_language_reference_is_a_corpus() -> None:
    corpus = load_corpus(CorpusConfig())
    assert len(corpus.starts) > 60
    assert (corpus.tokens[corpus.starts] == corpus.vocabulary.document).all()
    assert "Boolean" in text_of(corpus, corpus.train.tokens[:100_000])
    assert corpus.name == "the Python language reference"
    assert corpus.config == CorpusConfig()


def test_tiny_shakespeare_is_divided_as_nanogpt_does(gatework_data: Path) -> None:
    path = gatework_data / "tinyshakespeare.txt"
    corpus = load_corpus(CorpusConfig(sources=[str(path)]))
    text = path.read_text()
    assert len(corpus.vocabulary.ordinary) == 65
    assert len(corpus.train) == int(0.9 * len(text)) == 1_003_854
    assert text_of(corpus) == text
    assert corpus.tokens.dtype == np.uint8


def test_don_quijote_keeps_its_accents(gatework_data: Path) -> None:
    path = gatework_data / "quijote.txt"
    corpus = load_corpus(CorpusConfig(sources=[str(path)], test=0.1))
    text = path.read_text()
    assert set("áéíóúñ¿¡") <= set(corpus.vocabulary.symbols)
    assert text_of(corpus, corpus.train.tokens) == text[: len(text) * 8 // 10]


def test_names_are_documents_of_one_line(gatework_data: Path) -> None:
    corpus = load_corpus(CorpusConfig(sources=[str(gatework_data / "names")], separator=r"\n", validation=0))
    lines = [line for path in sorted((gatework_data / "names").glob("*.txt")) for line in path.read_text().splitlines()]
    assert text_of(corpus).removesuffix("\n") == "\n".join(lines)
    assert np.array_equal(corpus.starts[1:], np.flatnonzero(corpus.tokens == corpus.separator[0]))
