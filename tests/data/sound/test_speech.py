"""The codec of speech: sound to steps, text to symbols and back, saved and loaded."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gatework.data.sound.lexicon import DIGITS
from gatework.data.sound.spectra import LogMel
from gatework.data.sound.speech import BLANK, SpeechCodec, is_silent, spelled
from gatework.data.text.ngrams import NGrams
from gatework.data.text.symbols import UNKNOWN, Symbols
from gatework.errors import DamagedFileError, InputError

FEATURES = LogMel(1000, bands=5, deltas=1)


def make(units="phoneme", **changes) -> SpeechCodec:
    texts = {
        "phoneme": [" ".join(DIGITS.phonemes_of("one two seven"))],
        "character": ["one two", "seven"],
        "word": ["one two", "seven"],
    }[units]
    splitting = "character" if units == "character" else "token"
    symbols = Symbols.build(texts, splitting, special=(BLANK,))
    ngrams = NGrams.of([symbols.encode(text).tolist() for text in texts], len(symbols), 2)
    fields = {
        "features": FEATURES,
        "stacked": 3,
        "units": units,
        "symbols": symbols,
        "words": ("one", "seven", "two"),
        "ngrams": ngrams,
        "lexicon": DIGITS if units == "phoneme" else None,
    }
    return SpeechCodec(**{**fields, **changes})


def test_steps_are_frames_side_by_side() -> None:
    samples = np.random.default_rng(3).standard_normal(95).astype(np.float32)
    frames = FEATURES.frames(samples).numpy()
    assert frames.shape == (8, 10)
    steps = make().hear(samples)
    assert steps.shape == (3, 30) == (3, make().width)
    np.testing.assert_array_equal(steps.reshape(9, 10)[:8], frames)
    assert not steps[2, 20:].any()  # the last step is filled up
    np.testing.assert_array_equal(make().frames(steps)[:8], frames[:, :5])
    assert make().step_seconds == pytest.approx(0.03)


def test_texts_become_symbols_and_words() -> None:
    codec = make()
    tokens = codec.tokens("Two ONE").tolist()
    assert codec.names(tokens) == ["T", "UW", "W", "AH", "N"]
    assert codec.words_of(tokens) == ["two", "one"]
    assert codec.text(tokens[:-1]) == "two one"  # a phoneme is missing
    with pytest.raises(InputError, match="the lexicon has no word 'tow'"):
        codec.tokens("tow")
    characters = make("character")
    assert characters.names(characters.tokens(" two \t one ")) == list("two one")
    assert characters.words_of(characters.tokens("two  one").tolist()) == ["two", "one"]
    words = make("word")
    assert words.names(words.tokens("two eight")) == ["two", UNKNOWN]
    assert words.text(words.tokens("two one").tolist()) == "two one"
    assert words.blank == words.symbols.id(BLANK)
    assert words.text([]) == codec.text([]) == ""


def test_only_words_of_the_training_transcripts_are_read_off() -> None:
    assert make().text(make(words=("one", "two")).tokens("seven").tolist()) == "seven"
    assert "seven" not in make(words=("one", "two")).text(make().tokens("seven").tolist())


@pytest.mark.parametrize("units", ["phoneme", "character", "word"])
def test_saved_and_loaded(units: str) -> None:
    codec = make(units)
    assert SpeechCodec.from_json(json.loads(json.dumps(codec.to_json()))) == codec


@pytest.mark.parametrize(
    "changes",
    [
        {"stacked": 0},
        {"units": "syllable"},
        {"lexicon": None},
        {"symbols": {}},
        {"ngrams": None},
        {"lexicon": {"a": 3}},
    ],
)
def test_damaged(changes: dict) -> None:
    with pytest.raises(DamagedFileError):
        SpeechCodec.from_json({**make().to_json(), **changes})
    with pytest.raises(DamagedFileError):
        SpeechCodec.from_json(None)


def test_parts_that_do_not_belong_together() -> None:
    with pytest.raises(ValueError, match="do not go with no lexicon"):
        make(lexicon=None)
    with pytest.raises(ValueError, match="do not go with a lexicon"):
        make("word", lexicon=DIGITS)
    with pytest.raises(ValueError, match="no blank"):
        make(symbols=Symbols("token", (UNKNOWN, "x", BLANK), special=2))
    with pytest.raises(ValueError, match="of other symbols"):
        make(ngrams=NGrams(1, 3, {}))
    with pytest.raises(ValueError, match="lacks a word"):
        make(words=("eleven",))


def test_silence_and_spelling() -> None:
    assert is_silent(np.zeros(7))
    assert is_silent(np.full(7, 0.9 / 2**15))
    assert not is_silent(np.array([0, -0.01]))
    assert spelled(" a  b ", "word", None) == "a b"
    assert spelled("two", "phoneme", DIGITS) == "T UW"
