"""The conditional language model: which symbol comes next in a text of a given kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.labelled.conditioned import ConditionCodec, Written
from gatework.data.padding import Batch, is_real, padded
from gatework.models.bridge import VectorBridge
from gatework.models.encoder import make_stack
from gatework.models.model import ExampleModel, Totals
from gatework.models.reading import SymbolReader
from gatework.settings.tasks.conditional import ConditionalConfig


@dataclass(frozen=True)
class WrittenBatch(Batch):
    """Texts side by side.

    Attributes:
        symbols: (time + 1, batch) int64, from START to END and padding.
        lengths: (batch,) symbols to predict.
        mixture: (batch, labels) shares that sum to 1.
    """

    symbols: Tensor
    lengths: Tensor
    mixture: Tensor


class ConditionalLanguageModel(ExampleModel[ConditionalConfig, ConditionCodec, Written, WrittenBatch]):
    """Embedding beside a vector of the kind of text, recurrent stack that starts from it, output layer.

    A label has a learned vector, a mixture of topics the mean of theirs by its shares.

    Args:
        config: its shape.
        codec: symbols and labels.

    Raises:
        InputError: the cell does not exist or does not take the options.
    """

    task = "conditional"
    unit = "symbol"
    Config = ConditionalConfig
    Codec = ConditionCodec

    def __init__(self, config: ConditionalConfig, codec: ConditionCodec) -> None:
        super().__init__(config, codec)
        self.to_input = config.condition in ("input", "both")
        self.reader = SymbolReader(len(codec.symbols), config.embedding_size)
        self.kinds = nn.Linear(len(codec.labels), config.condition_size, bias=False)
        self.stack = make_stack(config, self.reader.width + (config.condition_size if self.to_input else 0))
        self.start = VectorBridge(config.condition_size, self.stack) if config.condition != "input" else None
        self.output = nn.Linear(self.stack.output_size, len(codec.symbols))

    def symbol_vectors(self) -> tuple[Sequence[str], Tensor] | None:
        """The symbols and their embedding."""
        embedding = self.reader.embedding
        return None if embedding is None else (self.codec.symbols.names, embedding.weight)

    def length(self, example: Written) -> int:
        """Symbols that are predicted."""
        return len(example.symbols) - 1

    def collate(self, examples: Sequence[Written]) -> WrittenBatch:
        """Texts side by side."""
        symbols, lengths = padded([example.symbols for example in examples])
        mixture = torch.from_numpy(np.stack([example.mixture for example in examples]))
        return WrittenBatch(symbols, lengths - 1, mixture)

    def begin(self, mixture: Tensor) -> tuple[Tensor, Any]:
        """What a mixture (batch, labels) means to the model: its vector (batch, size), and the state to start from."""
        kind = self.kinds(mixture)
        state = self.stack.initial_state(len(mixture))
        return kind, state if self.start is None else self.start(kind, state)

    def forward(
        self, symbols: Tensor, kind: Tensor, state: Any, *, lengths: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Predict the symbol after each.

        Args:
            symbols: (time, batch) int64.
            kind: (batch, size), as ``begin`` gave it.
            state: as ``begin`` gave it, or what an earlier call returned.
            lengths: (batch,) symbols of each row; all unless given.

        Returns:
            Logits (time, batch, symbols) and the state after the last step.
        """
        inputs = self.reader(symbols)
        if self.to_input:
            inputs = torch.cat([inputs, kind.expand(len(symbols), -1, -1)], dim=2)
        result = self.stack(inputs, state, lengths=lengths)
        return self.output(F.dropout(result.outputs, self.config.dropout, self.training)), result.state

    def loss(self, batch: WrittenBatch) -> Tensor:
        """Mean negative log-likelihood of a symbol, the end of the text among them, in nats."""
        logits, targets = self._predicted(batch)
        return F.cross_entropy(logits, targets, label_smoothing=self.config.label_smoothing)

    def totals(self, batch: WrittenBatch) -> Totals:
        """Nats and symbols."""
        logits, targets = self._predicted(batch)
        return {"loss": float(F.cross_entropy(logits, targets, reduction="sum")), "count": len(targets)}

    def _predicted(self, batch: WrittenBatch) -> tuple[Tensor, Tensor]:
        """Logits and targets of all real steps."""
        kind, state = self.begin(batch.mixture)
        logits, _ = self(batch.symbols[:-1], kind, state, lengths=batch.lengths)
        real = is_real(batch.lengths, len(logits))
        return logits[real], batch.symbols[1:][real]
