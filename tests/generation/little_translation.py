"""A little translation task that the tests of several rooms share."""

from __future__ import annotations

import torch

from gatework.data.translation.language_pair import LanguagePair
from gatework.data.translation.translated import Translated
from gatework.models.translate import TranslationModel
from gatework.settings.tasks.translate import TranslationConfig, TranslationData

PAIRS = [
    ("a red house .", "ein rotes haus ."),
    ("two red dogs run", "zwei rote hunde rennen"),
    ("the dog", "der hund"),
    ("a man and a dog sit in a house .", "ein mann und ein hund sitzen in einem haus ."),
    ("dogs run .", "hunde rennen ."),
]
SMALL = {"cell": "lstm", "hidden_size": 5, "decoder_size": 7, "embedding_size": 3, "dropout": 0.0}


def languages(**options) -> LanguagePair:
    return LanguagePair.build(PAIRS, TranslationData(**{"level": "token", **options}))


def examples(pair: LanguagePair) -> list[Translated]:
    return [Translated(pair.read(source), pair.written(target), (source, target)) for source, target in PAIRS]


def make(pair: LanguagePair | None = None, **options) -> TranslationModel:
    """A model with random weights of which no two are alike; dot attention where widths agree."""
    model = TranslationModel(TranslationConfig(**{**SMALL, **options}), languages() if pair is None else pair)
    generator = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype) / 3
    return model.to(torch.get_default_dtype())
