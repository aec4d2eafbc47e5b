"""Pairs of texts from files: how they are read, divided and encoded."""

from __future__ import annotations

import io

import numpy as np
import pytest

from gatework.data.translation.translated import load_translated
from gatework.errors import InputError
from gatework.settings.tasks.translate import TranslationData

LEFT = [f"word{number} red house ." for number in range(23)]
RIGHT = [f"wort{number} rotes haus ." for number in range(23)]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.en").write_text("\n".join(LEFT) + "\n", encoding="utf-8")
    (tmp_path / "a.de").write_text("\n".join(RIGHT) + "\n", encoding="utf-8")
    rows = [f"{one}\t{other}" for one, other in zip(LEFT, RIGHT, strict=True)]
    (tmp_path / "pairs.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "named.csv").write_text("\n".join(["id,src,tgt", *(f"1,{r.replace(chr(9), ',')}" for r in rows)]))
    (tmp_path / "other.csv").write_text("\n".join(["en,de", *(r.replace("\t", ",") for r in rows)]))
    return tmp_path


def load(*sources, **options):
    return load_translated(TranslationData(sources=list(sources), **{"level": "token", **options}))


def texts(part):
    return [example.texts for example in part]


@pytest.mark.parametrize(
    ("sources", "options"),
    [
        (["a.en", "a.de"], {}),
        (["pairs.tsv"], {}),
        (["named.csv"], {}),
        (["other.csv"], {"source_column": "en", "target_column": "de"}),
    ],
)
def test_all_forms_give_the_same_pairs(files, sources, options):
    found = load(*sources, validation=0, **options)
    assert texts(found.train) == list(zip(LEFT, RIGHT, strict=True))
    first = found.train[0]
    assert first.source.tolist() == found.codec.read(LEFT[0]).tolist()
    assert first.target.tolist() == found.codec.written(RIGHT[0]).tolist()
    assert first.steps == 5


def test_division_and_files_of_their_own(files):
    whole = load("a.en", "a.de", validation=0.2, test=0.1)
    assert (len(whole.train), len(whole.validation), len(whole.test)) == (16, 5, 2)
    assert sorted(texts([*whole.train, *whole.validation, *whole.test])) == sorted(zip(LEFT, RIGHT, strict=True))
    assert texts(load("a.en", "a.de", split_seed=3).validation) != texts(load("a.en", "a.de").validation)
    given = load("a.en", "a.de", validation_data=["pairs.tsv"], test_data=["a.de", "a.en"])
    assert (len(given.train), len(given.validation), len(given.test)) == (23, 23, 23)
    assert given.test[0].texts == (RIGHT[0], LEFT[0])


def test_the_languages_are_of_the_training_part_alone(files):
    found = load("a.en", "a.de", validation=0.2)
    for example in found.validation:
        assert np.count_nonzero(example.target == 0) == 1  # its own word, met nowhere else
    assert any("target symbols of held-out pairs are unknown" in note for note in found.notes)
    again = load_translated(found.config, codec=load("a.en", "a.de", validation=0).codec)
    assert all((example.target > 0).all() for example in again.validation)


def test_long_and_empty_pairs_are_left_out_and_counted(files):
    (files / "a.en").write_text("\n".join([LEFT[0], "", "one two three four five six", *LEFT[3:]]))
    found = load("a.en", "a.de", validation=0, max_length=5)
    assert len(found.train) == 21
    assert "a.en with a.de: 1 pairs with an empty side left out" in found.notes
    assert "1 training pairs of more than 5 steps left out" in found.notes


def test_fingerprints_tell_data_and_settings_apart(files):
    one = load("a.en", "a.de").fingerprint
    assert one == load("a.en", "a.de").fingerprint
    assert one != load("a.en", "a.de", level="character").fingerprint
    assert one != load("a.de", "a.en").fingerprint


def test_standard_input_is_kept(files, monkeypatch):
    class Input:
        buffer = io.BytesIO((files / "pairs.tsv").read_bytes())

    monkeypatch.setattr("sys.stdin", Input)
    config = TranslationData(sources=["-"], level="token", validation=0)
    found = load_translated(config, keep=files / "kept")
    assert texts(found.train) == list(zip(LEFT, RIGHT, strict=True))
    assert (files / "kept").read_bytes() == (files / "pairs.tsv").read_bytes()


@pytest.mark.parametrize(
    ("sources", "options", "message"),
    [
        (["a.en", "short"], {}, "a.en has 23 lines but short only 1"),
        (["short"], {}, "short line 1 has no tab"),
        (["a.en", "a.de", "short"], {}, "3 sources were given: give two files"),
        ([], {}, "0 sources were given"),
        (["a.en", "a.de"], {"source_column": "x", "target_column": "y"}, "2 sources were given: give one table"),
        (["other.csv"], {"source_column": "en", "target_column": "fr"}, "fr"),
        (["missing.en", "a.de"], {}, "missing.en"),
        (["empty", "empty"], {}, "no training example"),
    ],
)
def test_what_is_no_pair_is_refused(files, sources, options, message):
    (files / "short").write_text("one line\n")
    (files / "empty").write_text("")
    with pytest.raises(InputError, match=message):
        load(*sources, **options)


def test_multi30k(gatework_data):
    folder = gatework_data / "multi30k"
    parts = {
        name: [str(folder / f"{name}.{language}") for language in ("en", "de")] for name in ("val", "test_2016_flickr")
    }
    found = load(*parts["val"], validation=0, test_data=parts["test_2016_flickr"], level="bpe", max_vocabulary=2000)
    assert (len(found.train), len(found.test)) == (1014, 1000)
    assert len(found.codec.source) == len(found.codec.target) == 2000
    for example in (*found.train[:50], *found.test[:50]):
        known = found.codec.text(example.target[:-1])
        assert known == " ".join(example.texts[1].split()) or 0 in example.target
