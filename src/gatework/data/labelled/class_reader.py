"""How a classifier reads its inputs, chosen from those that it is trained on."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from gatework.data.labelled.class_codec import InputKind
from gatework.data.scaling import Scaling
from gatework.data.sound.spectra import LogMel
from gatework.data.text.symbols import Symbols
from gatework.data.text.word_vectors import read_word_vectors
from gatework.errors import InputError
from gatework.settings.tasks.classify import ClassifyData

FEW_WORDS = 4
"""Texts of mostly fewer words are read character by character: names, codes, words."""


def settled(config: ClassifyData, kind: InputKind, values: Sequence[Any]) -> ClassifyData:
    """The configuration with what the user left open about texts chosen by the training examples."""
    if kind != "text":
        return config
    level = config.level or guessed_level(values)
    of_words = level == "word"
    chosen = {
        "level": level,
        "lower": of_words if config.lower is None else config.lower,
        "min_count": (2 if of_words else 1) if config.min_count is None else config.min_count,
    }
    return config.model_copy(update=chosen)


def guessed_level(texts: Sequence[str]) -> Literal["character", "word"]:
    """Words, unless the texts are mostly of very few."""
    return "word" if statistics.median(len(text.split()) for text in texts) >= FEW_WORDS else "character"


def choose_reader(values: Sequence[Any], config: ClassifyData, kind: InputKind) -> Symbols | Scaling | LogMel:
    """Make the reader of a codec from training examples.

    Args:
        values: texts, series (steps, channels), or samples (n,) of recordings.
        config: settled.
        kind: what they are.

    Raises:
        InputError: series differ in their channels, recordings are sampled too slowly for so many bands, or pretrained
            vectors cannot be read.
    """
    if kind == "text":
        assert config.level is not None
        symbols = Symbols.build(
            values,
            config.level,
            lower=bool(config.lower),
            min_count=config.min_count or 1,
            max_size=config.max_vocabulary,
        )
        if config.level == "character" or config.word_vectors is None or not config.vector_words:
            return symbols
        known = read_word_vectors(config.word_vectors, limit=config.vector_words).words
        return symbols.with_more(known, config.max_vocabulary)
    if kind == "series":
        return _scaling(values)
    assert config.rate is not None
    try:
        return LogMel(config.rate, bands=config.bands, deltas=config.deltas)
    except ValueError as error:
        raise InputError(str(error), "give fewer --bands or a higher --rate") from error


def _scaling(series: Sequence[np.ndarray]) -> Scaling:
    channels = sorted({one.shape[1] for one in series})
    if len(channels) > 1:
        raise InputError(f"the series have from {channels[0]} to {channels[-1]} channels", "give all the same")
    return Scaling.of(series)
