"""Small language models, and their predictions when everything is read anew for every symbol."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatework.data import Vocabulary
from gatework.models import LanguageModel

LETTERS = Vocabulary.build("character", dict.fromkeys("abcdef\n", 1))
LINES = Vocabulary.build("character", dict.fromkeys("abc\n", 1), separator="\n\n")
FILES = Vocabulary.build("character", dict.fromkeys("abc", 1), document=True)
BYTES = Vocabulary.build("byte", {})
WORDS = Vocabulary.build("word", {"the": 5, "cat": 3, "sat": 2, ".": 2})


def make(vocabulary: Vocabulary = LETTERS, *, lively: float = 0.5, **options: Any) -> LanguageModel:
    torch.manual_seed(3)
    model = LanguageModel.build(vocabulary, **{"hidden_size": 7, "embedding_size": 5, **options})
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * lively
    return model


def document_starts(tokens: list[int], ending: list[int]) -> list[int]:
    """Where a state begins anew, from left to right and without overlaps; the first token is a start."""
    starts, free = [0], 1
    for place in range(1, len(tokens)):
        if ending and place + 1 - len(ending) >= free and tokens[place + 1 - len(ending) : place + 1] == ending:
            starts.append(place)
            free = place + 1
    return starts


def logits_anew(model: LanguageModel, tokens: list[int]) -> Tensor:
    """The logits after some tokens, reading from the last document's start alone."""
    model.eval()
    begin = document_starts(tokens, model.document_end)[-1]
    state = None
    with torch.no_grad():
        for token in tokens[begin:]:
            row, state = model.step(torch.tensor([token]), state)
    logits = row[0]
    if model.vocabulary.unknown is not None:
        logits[model.vocabulary.unknown] = -torch.inf
    return logits
