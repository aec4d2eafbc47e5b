"""What a classifier's numbers mean, saved and read again."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.data.labelled.class_codec import ClassifierCodec
from gatework.data.scaling import Scaling
from gatework.data.sound.spectra import LogMel
from gatework.data.text.symbols import Symbols
from gatework.errors import DamagedFileError, InputError

READERS = {
    "text": Symbols.build(["ab", "b"], "character"),
    "series": Scaling((1.0, -2.0), (0.5, 4.0)),
    "sound": LogMel(8000, bands=7, deltas=1),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_codec_comes_back(kind: str) -> None:
    codec = ClassifierCodec.build(["no", "yes", "no"], READERS[kind])
    assert (codec.kind, codec.labels.names, codec.counts) == (kind, ("no", "yes"), (2, 1))
    assert ClassifierCodec.from_json(codec.to_json()) == codec


def test_each_kind_is_encoded() -> None:
    text, series, sound = (ClassifierCodec(READERS_LABELS, (1, 1), reads) for reads in READERS.values())
    assert text.encode("bax").tolist() == [1, 2, 0]
    assert (text.width, text.rate, text.encode("").shape) == (3, None, (0,))
    np.testing.assert_allclose(series.encode(np.array([[2.0, 2.0]])), [[2, 1]])
    assert (series.width, series.encode(np.zeros((0, 2))).shape) == (2, (0, 2))
    samples = np.sin(np.arange(500, dtype=np.float32))
    np.testing.assert_array_equal(sound.encode(samples), READERS["sound"].frames(samples).numpy())
    assert (sound.width, sound.rate, sound.encode(samples[:0]).shape) == (14, 8000, (0, 14))


READERS_LABELS = ClassifierCodec.build(["x", "y"], READERS["text"]).labels


def test_what_does_not_fit() -> None:
    series = ClassifierCodec(READERS_LABELS, (1, 1), READERS["series"])
    with pytest.raises(InputError, match=r"case 3 has the shape \(5, 3\)"):
        series.encode(np.zeros((5, 3)), "case 3")
    with pytest.raises(TypeError, match="a str, but the model reads series"):
        series.encode("a text")
    with pytest.raises(TypeError, match="a ndarray, but the model reads text"):
        ClassifierCodec(READERS_LABELS, (1, 1), READERS["text"]).encode(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="2 classes need as many positive counts"):
        ClassifierCodec(READERS_LABELS, (1, 0), READERS["text"])


@pytest.mark.parametrize("change", [{"kind": "smell"}, {"counts": [1]}, {"counts": None}, {"labels": ["a", "a"]}])
def test_damage_is_seen(change: dict) -> None:
    good = ClassifierCodec(READERS_LABELS, (1, 1), READERS["text"]).to_json()
    with pytest.raises(DamagedFileError):
        ClassifierCodec.from_json({**good, **change})
