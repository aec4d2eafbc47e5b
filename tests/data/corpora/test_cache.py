"""Large corpora are encoded once and then mapped; what is damaged is made anew."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from gatework.data import Corpus, corpora_folder, load_corpus
from gatework.data.corpora import corpus
from gatework.errors import StorageError
from gatework.settings import CorpusConfig

TEXT = "Ünï 😀 don't stop\n" * 53


class Large:
    """A corpus that counts as large, loaded again and again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "text.txt"
        self.cache = folder / "cache"
        self.path.write_text(TEXT)
        self.encodings = 0

    def load(self, **options: object) -> Corpus:
        told: list[int] = []
        config = CorpusConfig(sources=[str(self.path)], **options)
        loaded = load_corpus(config, cache=self.cache, progress=lambda done, total: told.append(done))
        self.encodings += bool(told)
        return loaded

    def entry(self) -> Path:
        (entry,) = self.cache.iterdir()
        return entry


@pytest.fixture
def large(tmp_path: Path, monkeypatch) -> Large:
    monkeypatch.setattr(corpus, "IN_MEMORY", 100)
    return Large(tmp_path)


def same(one: Corpus, other: Corpus) -> bool:
    return (
        one.fingerprint == other.fingerprint
        and one.vocabulary == other.vocabulary
        and one.separator == other.separator
        and np.array_equal(one.tokens, other.tokens)
        and np.array_equal(one.starts, other.starts)
        and np.array_equal(one.validation.starts, other.validation.starts)
    )


@pytest.mark.parametrize("level", ["character", "byte", "word"])
def test_a_large_corpus_is_a_small_one_mapped(level: str, large: Large, monkeypatch) -> None:
    options = {"level": level, "separator": r"\n", "test": 0.05}
    mapped, again = large.load(**options), large.load(**options)
    assert large.encodings == 1
    monkeypatch.setattr(corpus, "IN_MEMORY", 1 << 20)
    small = load_corpus(CorpusConfig(sources=[str(large.path)], **options), cache=large.cache / "other")
    assert isinstance(mapped.tokens, np.memmap)
    assert isinstance(again.train.tokens, np.memmap)
    assert not isinstance(small.tokens, np.memmap)
    assert same(mapped, small)
    assert same(again, small)
    assert mapped.tokens.dtype == small.tokens.dtype
    assert sorted(path.name for path in large.entry().iterdir()) == ["corpus.json", "starts.npy", "tokens.npy"]


def test_another_text_or_configuration_is_another_entry(large: Large) -> None:
    first = large.load()
    large.load(validation=0.2)
    large.load(level="word")
    status = large.path.stat()
    large.path.write_text(TEXT.replace("stop", "step"))
    os.utime(large.path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    changed = large.load()
    assert large.encodings == len(list(large.cache.iterdir())) == 4
    assert changed.fingerprint != first.fingerprint


@pytest.mark.parametrize("name", ["tokens.npy", "starts.npy", "corpus.json"])
@pytest.mark.parametrize("damage", ["missing", "short", "long", "empty", "garbage"])
def test_a_damaged_entry_is_made_anew(name: str, damage: str, large: Large) -> None:
    first = large.load()
    path = large.entry() / name
    whole = path.read_bytes()
    path.unlink()  # the first corpus still maps the old file
    if damage != "missing":
        damaged = {"short": whole[:-9], "long": whole + b"}", "empty": b"", "garbage": b"\0" * len(whole)}[damage]
        path.write_bytes(damaged)
    assert same(large.load(), first)
    assert path.read_bytes() == whole
    large.load()
    assert large.encodings == 2


@pytest.mark.parametrize("change", [{"tokens": None}, {"vocabulary": {}}, {"separator": ["x"]}, {"fingerprint": ...}])
def test_an_entry_with_a_strange_description_is_made_anew(change: dict[str, object], large: Large) -> None:
    large.load()
    path = large.entry() / "corpus.json"
    about = json.loads(path.read_text())
    for key, value in change.items():
        if value is ...:
            del about[key]
        else:
            about[key] = value
    path.write_text(json.dumps(about))
    large.load()
    assert large.encodings == 2


def test_large_standard_input_is_mapped_too(large: Large) -> None:
    for _ in range(2):
        mapped = load_corpus(CorpusConfig(sources=["-"]), stdin=io.BytesIO(TEXT.encode()), cache=large.cache)
        assert isinstance(mapped.tokens, np.memmap)
    assert large.entry().is_dir()
    assert same(mapped, load_corpus(CorpusConfig(sources=[str(large.path)]), cache=large.cache))


def test_a_cache_that_takes_nothing_stops_large_corpora_only(large: Large, monkeypatch) -> None:
    large.cache.touch()
    with pytest.raises(StorageError, match="XDG_CACHE_HOME"):
        large.load()
    monkeypatch.setattr(corpus, "IN_MEMORY", 1 << 20)
    assert len(large.load().tokens) == len(TEXT)


def test_a_full_disk_leaves_no_entry(large: Large, monkeypatch) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("gatework.storage.flush", full)
        with pytest.raises(StorageError, match="No space left on device"):
            large.load()
    assert not list(large.entry().iterdir())
    assert len(large.load().tokens) == len(TEXT)


def test_the_cache_is_where_the_system_says(monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert corpora_folder() == Path("/elsewhere/gatework/corpora")
    for unset in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert corpora_folder() == Path.home() / ".cache/gatework/corpora"
