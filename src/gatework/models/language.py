"""The language model: which symbol comes next."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from gatework.cells import cell_name, find_cell, make_cell
from gatework.data import Vocabulary
from gatework.errors import InputError
from gatework.layers import Stack
from gatework.models.pretrained import load_pretrained, save_pretrained
from gatework.settings import LanguageModelConfig, checked


class LanguageModel(nn.Module):
    """Embedding (one-hot or learned), recurrent stack, dropout, output layer.

    Args:
        config: its shape.
        vocabulary: the symbols; their ids are what goes in and what is predicted.

    Raises:
        InputError: the cell does not exist, does not take the options, or lacks what is to be regularised.
    """

    task = "language"
    Config = LanguageModelConfig

    def __init__(self, config: LanguageModelConfig, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = vocabulary
        symbols = len(vocabulary)
        width = config.embedding_size
        self.embedding = nn.Embedding(symbols, width) if width else None
        self.stack = _stack(config, width or symbols)
        self.output = nn.Linear(self.stack.output_size, symbols)
        if config.tied and self.embedding is not None:
            self.embedding.weight = self.output.weight

    @functools.cached_property
    def document_end(self) -> list[int]:
        """The symbols that end a document; the last of them is the first that a fresh state reads."""
        if self.vocabulary.separator:
            return self.vocabulary.encode(self.vocabulary.separator).tolist()
        return [] if self.vocabulary.document is None else [self.vocabulary.document]

    @classmethod
    def build(cls, vocabulary: Vocabulary, **options: Any) -> LanguageModel:
        """Make a model from the options of ``LanguageModelConfig``; ``cell`` may also be a class.

        Raises:
            InputError: an option does not exist or is out of range, or the name of the class is another cell's.
        """
        kind = options.get("cell")
        if isinstance(kind, type):
            options["cell"] = cell_name(kind)
            if find_cell(options["cell"]) is not kind:
                raise InputError(f"{kind.__name__} was defined again since", "give the class that was defined last")
        return cls(checked(LanguageModelConfig, options), vocabulary)

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

    def save_pretrained(self, folder: str | Path, *, score: Mapping[str, float] | None = None) -> None:
        """Write ``config.json``, ``vocabulary.json`` and ``model.safetensors`` into a folder.

        Args:
            folder: made if it does not exist.
            score: numbers to be kept with the weights.

        Raises:
            StorageError: the folder cannot be written.
        """
        save_pretrained(self, Path(folder), score)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> LanguageModel:
        """Read what ``save_pretrained`` wrote; in evaluation mode, on the CPU.

        Raises:
            InputError: a file is missing.
            DamagedFileError: a file does not hold what it should.
        """
        return load_pretrained(cls, Path(folder))


def _stack(config: LanguageModelConfig, width: int) -> Stack:
    try:
        return Stack(
            lambda inputs, hidden: make_cell(config.cell, inputs, hidden, config.cell_options),
            width,
            config.hidden_size,
            layers=config.layers,
            dropout=config.dropout,
            variational=config.variational,
            layer_norm=config.layer_norm,
            connection=config.connection,
            regularizers=config.regularizers,
            learn_initial=config.learn_initial,
        )
    except ValueError as error:
        raise InputError(str(error), f"`gatework cells {config.cell}` shows what it has") from error


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean negative log-likelihood in nats: logits (time, batch, symbols), targets (time, batch)."""
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())
