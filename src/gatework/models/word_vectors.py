"""Pretrained word vectors as the beginning of an embedding."""

from __future__ import annotations

import torch
from torch import nn

from gatework.data.symbols import Symbols
from gatework.data.word_vectors import WordVectors


def start_from_vectors(
    embedding: nn.Embedding, symbols: Symbols, vectors: WordVectors, *, frozen: bool = False
) -> None:
    """Put pretrained vectors into an embedding; symbols without one keep what was drawn, as large as these are.

    Args:
        embedding: of all the symbols.
        symbols: what its rows stand for.
        vectors: of some of them, and as wide.
        frozen: the embedding is not trained any further.

    Raises:
        ValueError: the vectors have another width.
    """
    width = vectors.vectors.shape[1]
    if embedding.embedding_dim != width:
        raise ValueError(f"vectors: {width} numbers each, expected {embedding.embedding_dim}, as wide as the embedding")
    embedding.weight.requires_grad_(not frozen)
    if embedding.weight.is_meta:
        return
    with torch.no_grad():
        embedding.weight.mul_(float(vectors.vectors.std()))
        embedding.weight[torch.from_numpy(symbols.numbers(vectors.words))] = torch.tensor(
            vectors.vectors, dtype=embedding.weight.dtype
        )
