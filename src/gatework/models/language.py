"""The language model: which symbol comes next."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data import Vocabulary
from gatework.models.encoder import make_stack
from gatework.models.model import Model
from gatework.settings import LanguageModelConfig


class LanguageModel(Model[LanguageModelConfig, Vocabulary]):
    """Embedding (one-hot or learned), recurrent stack, dropout, output layer.

    Args:
        config: its shape.
        vocabulary: the symbols; their ids are what goes in and what is predicted.

    Raises:
        InputError: the cell does not exist, does not take the options, or lacks what is to be regularised.
    """

    task = "language"
    Config = LanguageModelConfig
    Codec = Vocabulary

    def __init__(self, config: LanguageModelConfig, vocabulary: Vocabulary) -> None:
        super().__init__(config, vocabulary)
        symbols = len(vocabulary)
        width = config.embedding_size
        self.embedding = nn.Embedding(symbols, width) if width else None
        self.stack = make_stack(config, width or symbols)
        self.output = nn.Linear(self.stack.output_size, symbols)
        if config.tied and self.embedding is not None:
            self.embedding.weight = self.output.weight

    @property
    def vocabulary(self) -> Vocabulary:
        """The symbols."""
        return self.codec

    def symbol_vectors(self) -> tuple[Sequence[str], Tensor] | None:
        """The vocabulary and its embedding."""
        return None if self.embedding is None else (self.vocabulary.symbols, self.embedding.weight)

    @functools.cached_property
    def document_end(self) -> list[int]:
        """The symbols that end a document; the last of them is the first that a fresh state reads."""
        if self.vocabulary.separator:
            return self.vocabulary.encode(self.vocabulary.separator).tolist()
        return [] if self.vocabulary.document is None else [self.vocabulary.document]

    def forward(self, tokens: Tensor, state: Any = None, *, resets: Tensor | None = None) -> tuple[Tensor, Any]:
        """Predict the symbol after each.

        Args:
            tokens: (time, batch) int64.
            state: what an earlier call returned; the initial state where none is given.
            resets: (time, batch) bool, true where a document begins.

        Returns:
            Logits (time, batch, symbols) and the state after the last step.
        """
        result = self.stack(self.embed(tokens), state, resets=resets)
        hidden = F.dropout(result.outputs, self.config.dropout, self.training)
        return self.output(hidden), result.state

    def step(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Read one symbol a row, for streaming: tokens (batch,) to logits (batch, symbols) and the state."""
        logits, state = self(tokens[None], state)
        return logits[0], state

    def embed(self, tokens: Tensor) -> Tensor:
        """Tokens (time, batch) to vectors (time, batch, width)."""
        if self.embedding is not None:
            return self.embedding(tokens)
        return F.one_hot(tokens, len(self.vocabulary)).to(self.output.weight.dtype)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean negative log-likelihood in nats: logits (time, batch, symbols), targets (time, batch)."""
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())
