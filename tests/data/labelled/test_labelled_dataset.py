"""Labelled examples divided and encoded: what is left out, refused, chosen and noted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gatework.data.labelled.class_codec import ClassifierCodec
from gatework.data.labelled.labelled_dataset import load_labelled
from gatework.data.sound.audio import read_wav, write_wav
from gatework.data.text.symbols import Symbols
from gatework.data.text.write_word_vectors import write_word_vectors
from gatework.errors import InputError
from gatework.settings.tasks.classify import ClassifyData


def table(path: Path, pairs: list[tuple[str, str]]) -> str:
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in pairs), encoding="utf-8")
    return str(path)


@pytest.fixture
def names(tmp_path: Path) -> str:
    """Forty names of two classes, three to one."""
    return table(tmp_path / "names.csv", [(f"{'Xy' if n % 4 else 'Qu'}{n:03}", "ab"[n % 4 == 0]) for n in range(40)])


def test_each_class_is_divided_alike(names: str) -> None:
    data = load_labelled(ClassifyData(sources=[names], validation=0.2, test=0.1))
    labels = [Counter(example.label for example in part) for part in (data.train, data.validation, data.test)]
    assert labels == [{0: 21, 1: 7}, {0: 6, 1: 2}, {0: 3, 1: 1}]
    shown = [example.shown for part in (data.train, data.validation, data.test) for example in part]
    assert len(set(shown)) == 40
    assert data.codec.counts == (21, 7)
    again = load_labelled(ClassifyData(sources=[names], validation=0.2, test=0.1))
    other = load_labelled(ClassifyData(sources=[names], validation=0.2, test=0.1, split_seed=1))
    assert data.fingerprint == again.fingerprint != other.fingerprint


def test_the_codec_is_of_the_training_part_alone(tmp_path: Path, names: str) -> None:
    held = table(tmp_path / "held.csv", [("Zoë", "a")])
    data = load_labelled(ClassifyData(sources=[names], validation_data=[held], test=0.1))
    assert "Z" not in data.codec.reads.names
    assert [example.steps[0] for example in data.validation] == [0]
    assert len(data.train) == 36


def test_what_was_left_open_is_chosen_by_the_data(tmp_path: Path, names: str) -> None:
    chosen = load_labelled(ClassifyData(sources=[names])).config
    assert (chosen.level, chosen.lower, chosen.min_count) == ("character", False, 1)
    prose = table(tmp_path / "prose.csv", [("A film of great length", "pos"), ("A film of no worth", "neg")] * 5)
    data = load_labelled(ClassifyData(sources=[prose]))
    assert (data.config.level, data.config.lower, data.config.min_count) == ("word", True, 2)
    assert data.codec.reads.names[1:4] == ("a", "film", "of")
    said = ClassifyData(sources=[prose], level="character", lower=True, min_count=3)
    assert load_labelled(said).config == said


def test_empty_and_long_examples_are_left_out(tmp_path: Path) -> None:
    some = table(tmp_path / "some.csv", [("ab", "x"), ("  ", "x"), ("abcdef", "y"), ("", "y"), ("b", "y"), ("c", "x")])
    data = load_labelled(ClassifyData(sources=[some], validation=0, max_length=2))
    assert sorted(example.shown for example in data.train) == ["ab", "b", "c"]
    assert data.notes == ("2 empty examples left out", "1 example of more than 2 steps left out")


def test_a_class_of_one_example_is_noted(tmp_path: Path) -> None:
    some = table(tmp_path / "some.csv", [(f"t{n}", "often") for n in range(10)] + [("q", "once")])
    data = load_labelled(ClassifyData(sources=[some], validation=0.2))
    assert "once" in data.codec.labels.names
    assert data.notes[0].startswith("1 class has one training example only ('once')")


def test_classes_that_cannot_be(tmp_path: Path, names: str) -> None:
    same = table(tmp_path / "same.csv", [("x", "y")] * 5)
    with pytest.raises(InputError, match="all 5 training examples have the label 'y'"):
        load_labelled(ClassifyData(sources=[same], validation=0))
    with pytest.raises(InputError, match=r"labels that the model does not know: 'y' \(5 examples\): it knows a, b"):
        load_labelled(ClassifyData(sources=[names], test_data=[same]))
    codec = ClassifierCodec.build(["a", "c"], Symbols.build("ab", "character"))
    with pytest.raises(InputError, match=r"does not know: 'b' \(10 examples\)"):
        load_labelled(ClassifyData(sources=[names]), codec=codec)
    with pytest.raises(InputError, match="no training example"):
        load_labelled(ClassifyData(sources=[table(tmp_path / "none.csv", [("", "y")])]))


def test_all_is_read_with_a_given_codec(names: str) -> None:
    codec = ClassifierCodec.build(["b", "a"], Symbols.build(["Qu7"], "character"))
    data = load_labelled(ClassifyData(sources=[names], test=0.2), codec=codec)
    assert (len(data.train), len(data.validation), len(data.test), data.codec) == (40, 0, 0, codec)
    np.testing.assert_array_equal(data.train[0].steps, codec.encode("Qu000"))


def test_recordings_of_several_rates(tmp_path: Path) -> None:
    for number in range(6):
        rate = 4000 if number == 2 else 2000
        write_wav(tmp_path / f"{number % 2}_anna_{number}.wav", np.sin(np.arange(rate // 4) / (3 + number)), rate)
    told = []
    data = load_labelled(
        ClassifyData(sources=[str(tmp_path)], validation=0, bands=5), progress=lambda *args: told.append(args)
    )
    assert (data.config.rate, data.codec.rate, told[-1]) == (2000, 2000, (6, 6))
    assert data.notes == ("1 recording resampled from 4000 to 2000 Hz",)
    by_name = {example.shown: example.steps for example in data.train}
    samples = read_wav(tmp_path / "0_anna_2.wav", 2000).samples
    np.testing.assert_array_equal(by_name["0_anna_2.wav"], data.codec.encode(samples))
    faster = load_labelled(ClassifyData(sources=[str(tmp_path)], validation=0, bands=5, rate=4000))
    assert faster.codec.rate == 4000
    assert faster.notes == ("5 recordings resampled from 2000 to 4000 Hz",)
    with pytest.raises(InputError, match="fewer --bands or a higher --rate"):
        load_labelled(ClassifyData(sources=[str(tmp_path)], validation=0, bands=500))
    (tmp_path / "0_anna_0.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match=r"0_anna_0.wav is not a WAV file"):
        load_labelled(ClassifyData(sources=[str(tmp_path)]))


def test_series_of_other_channels(tmp_path: Path) -> None:
    head = "@univariate false\n@classLabel true a b\n@data\n"
    for name, cases in {"one.ts": "1,2:3,4:a\n5,6:7,8:b\n", "two.ts": "1,2:3,4:5,6:a\n"}.items():
        (tmp_path / name).write_text(head + cases)
    one, two = str(tmp_path / "one.ts"), str(tmp_path / "two.ts")
    with pytest.raises(InputError, match="from 2 to 3 channels"):
        load_labelled(ClassifyData(sources=[one, two], validation=0))
    with pytest.raises(InputError, match=r"two.ts line 4 has the shape \(2, 3\)"):
        load_labelled(ClassifyData(sources=[one], validation=0, test_data=[two]))
    data = load_labelled(ClassifyData(sources=[one], validation=0))
    together = np.concatenate([example.steps for example in data.train])
    np.testing.assert_allclose(together.mean(axis=0), 0, atol=1e-6)


def test_word_vectors_and_their_coverage(tmp_path: Path) -> None:
    prose = table(tmp_path / "prose.csv", [("a good long film", "pos"), ("a bad long film", "neg")] * 3)
    vectors = tmp_path / "vectors.txt"
    write_word_vectors(vectors, ["good", "film", "unasked"], np.arange(6.0).reshape(3, 2), "glove")
    data = load_labelled(ClassifyData(sources=[prose], validation=0, word_vectors=str(vectors)))
    assert data.vectors.words == ["good", "film", "unasked"]
    assert data.codec.reads.names[-1] == "unasked"  # known, though no training text has it
    np.testing.assert_array_equal(data.codec.encode("unasked Film never"), [6, data.codec.reads.id("film"), 0])
    fewer = load_labelled(data.config.model_copy(update={"vector_words": 2}))
    assert fewer.vectors.words == ["good", "film"]
    assert "unasked" not in fewer.codec.reads.names
    letters = load_labelled(data.config.model_copy(update={"level": "character", "lower": None, "min_count": None}))
    assert max(map(len, letters.codec.reads.names[1:])) == 1  # words are no characters
    found = data.coverage
    assert (found.found, found.total, found.running) == (2, 5, 9 / 24)
    assert set(found.missing) == {"a", "bad", "long"}
    write_word_vectors(vectors, ["else"], np.ones((1, 2)), "glove")
    other = load_labelled(ClassifyData(sources=[prose], validation=0, word_vectors=str(vectors)))
    with pytest.raises(InputError, match="vectors of none of the data's symbols"):
        _ = other.vectors
