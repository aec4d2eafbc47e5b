"""Pretrained word vectors as the beginning of an embedding."""

from __future__ import annotations

import os

import torch
from torch import nn

from gatework.data.symbols import Symbols
from gatework.data.word_vectors import Coverage, coverage, read_word_vectors
from gatework.errors import InputError


def start_from_vectors(
    embedding: nn.Embedding, symbols: Symbols, path: str | os.PathLike[str], *, frozen: bool = False
) -> Coverage:
    """Put pretrained vectors into an embedding; symbols that have none are drawn anew with the same spread.

    Args:
        embedding: of all the symbols.
        symbols: what its rows stand for.
        path: a file of GloVe or word2vec.
        frozen: the embedding is not trained any further.

    Returns:
        How many symbols, the special ones aside, have a vector.

    Raises:
        InputError: the file cannot be read, its vectors have another width, or it has none of the symbols.
        DamagedFileError: it is damaged.
    """
    names = symbols.names[symbols.special :]
    found = read_word_vectors(path, names)
    size, dimension = embedding.embedding_dim, found.vectors.shape[1]
    if dimension != size:
        raise InputError(
            f"{path} has vectors of {dimension} numbers, the embedding is {size} wide",
            f"train with --embedding-size {dimension}",
        )
    if not found.words:
        raise InputError(f"{path} has none of the {len(names):,} words", "give vectors of the language of the data")
    vectors = torch.from_numpy(found.vectors.copy()).to(embedding.weight)
    with torch.no_grad():
        embedding.weight.normal_(std=float(found.vectors.std()))
        embedding.weight[torch.from_numpy(symbols.numbers(found.words))] = vectors
    embedding.weight.requires_grad_(not frozen)
    return coverage(names, found.words)
