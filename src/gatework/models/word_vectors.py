"""Pretrained word vectors as the beginning of an embedding."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from gatework.data.text.symbols import Symbols
from gatework.data.text.word_vectors import WordVectors
from gatework.errors import InputError
from gatework.settings.tasks.classify import ClassifierConfig
from gatework.settings.tasks.tag import TaggerConfig

Config = TypeVar("Config", ClassifierConfig, TaggerConfig)


def wide_as_vectors(config: Config, vectors: WordVectors | None) -> Config:
    """The configuration with an embedding as wide as the pretrained vectors, where there are some.

    Raises:
        InputError: another width was asked for, or there is nothing that could be ``frozen``.
    """
    if vectors is None:
        if config.frozen:
            raise InputError("--frozen keeps pretrained vectors as they are, and there are none", "give --word-vectors")
        return config
    width = vectors.vectors.shape[1]
    if "embedding_size" in config.model_fields_set and config.embedding_size != width:
        raise InputError(
            f"the pretrained vectors have {width} numbers, --embedding-size is {config.embedding_size}",
            "leave out --embedding-size",
        )
    return config.model_copy(update={"embedding_size": width})


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
