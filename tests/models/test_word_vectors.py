"""Pretrained vectors in an embedding."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gatework.data.text.symbols import UNKNOWN, Symbols
from gatework.data.text.word_vectors import WordVectors
from gatework.models.word_vectors import start_from_vectors

SYMBOLS = Symbols("token", (UNKNOWN, "the", "cat", "sat"))
VECTORS = WordVectors(["sat", "the"], np.random.default_rng(3).normal(2, 0.25, (2, 5)).astype(np.float32))


@pytest.mark.parametrize("frozen", [False, True])
def test_vectors_lie_where_their_words_are(frozen: bool) -> None:
    embedding = nn.Embedding(4, 5)
    drawn = embedding.weight.detach().clone()
    start_from_vectors(embedding, SYMBOLS, VECTORS, frozen=frozen)
    assert embedding(torch.tensor([3, 1])).tolist() == VECTORS.vectors.tolist()
    torch.testing.assert_close(embedding.weight[[0, 2]], drawn[[0, 2]] * float(VECTORS.vectors.std()))
    assert embedding.weight.requires_grad is not frozen


def test_an_embedding_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="vectors: 5 numbers each, expected 7, as wide as the embedding"):
        start_from_vectors(nn.Embedding(4, 7), SYMBOLS, VECTORS)


def test_a_skeleton_takes_none() -> None:
    with torch.device("meta"):
        embedding = nn.Embedding(4, 5)
    start_from_vectors(embedding, SYMBOLS, VECTORS, frozen=True)
    assert embedding.weight.is_meta
    assert not embedding.weight.requires_grad
