"""The language model: which symbol comes next."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data import Vocabulary
from gatework.errors import InputError
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
        self.output = _output(config, self.stack.output_size, vocabulary)
        if config.tied and self.embedding is not None and isinstance(self.output, nn.Linear):
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
        hidden, state = self.read(tokens, state, resets=resets)
        return self.logits(hidden), state

    def read(self, tokens: Tensor, state: Any = None, *, resets: Tensor | None = None) -> tuple[Tensor, Any]:
        """As ``forward``, but what the output layer sees, (time, batch, width), in place of the logits."""
        result = self.stack(self.embed(tokens), state, resets=resets)
        return F.dropout(result.outputs, self.config.dropout, self.training), result.state

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits, or log-probabilities, (time, batch, symbols) of what the output layer sees."""
        if isinstance(self.output, nn.Linear):
            return self.output(hidden)
        return self.output.log_prob(hidden.flatten(0, 1)).unflatten(0, hidden.shape[:2])

    def nats(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """The mean negative log-likelihood of targets (time, batch); in training the smoothed one that is learnt."""
        if isinstance(self.output, nn.Linear):
            smoothing = self.config.label_smoothing if self.training else 0.0
            return cross_entropy(self.output(hidden), targets, smoothing)
        return self.output(hidden.flatten(0, 1), targets.flatten()).loss

    def step(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Read one symbol a row, for streaming: tokens (batch,) to logits (batch, symbols) and the state."""
        logits, state = self(tokens[None], state)
        return logits[0], state

    def embed(self, tokens: Tensor) -> Tensor:
        """Tokens (time, batch) to vectors (time, batch, width)."""
        if self.embedding is not None:
            return self.embedding(tokens)
        return F.one_hot(tokens, len(self.vocabulary)).to(next(self.parameters()).dtype)


def cross_entropy(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean negative log-likelihood in nats: logits (time, batch, symbols), targets (time, batch)."""
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), label_smoothing=smoothing)


LEAST_ADAPTIVE = 1000
"""Smaller vocabularies gain nothing from an adaptive softmax."""


def _output(
    config: LanguageModelConfig, width: int, vocabulary: Vocabulary
) -> nn.Linear | nn.AdaptiveLogSoftmaxWithLoss:
    """The output layer; an adaptive one (Grave et al. 2017, arXiv:1609.04309) needs words in order of count."""
    symbols = len(vocabulary)
    if not config.adaptive_softmax:
        return nn.Linear(width, symbols)
    if vocabulary.level != "word" or symbols < LEAST_ADAPTIVE:
        raise InputError(
            f"--adaptive-softmax is for at least {LEAST_ADAPTIVE:,} words, not {symbols:,} {vocabulary.level}s",
            "leave it out, or read words with --level word",
        )
    narrowing = min(4.0, (width - 0.5) ** 0.5)  # the rarest words are told apart by a space of at least one dimension
    return nn.AdaptiveLogSoftmaxWithLoss(width, symbols, [symbols // 10, symbols // 3], div_value=narrowing)
