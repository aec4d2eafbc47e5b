"""The classifier: one class for a whole sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.batches import Buckets
from gatework.data.labelled.class_codec import ClassifierCodec
from gatework.data.labelled.labelled_dataset import ClassExample
from gatework.data.padding import Batch, padded
from gatework.data.text.symbols import Symbols
from gatework.data.text.word_vectors import WordVectors
from gatework.errors import InputError, did_you_mean
from gatework.layers.pooling import Pooling
from gatework.models.confusion import Confusion, count_pairs
from gatework.models.encoder import make_stack
from gatework.models.model import ExampleModel, Totals
from gatework.models.reading import SymbolReader
from gatework.models.word_vectors import start_from_vectors
from gatework.settings.tasks.classify import BALANCED, ClassifierConfig

AT_ONCE = 64
SMALL = 0.1
"""Deviation of a word's vector before anything is learnt: rare words then say little. 1.5 points of accuracy on
held-out film reviews, beside 1."""


@dataclass(frozen=True)
class ClassBatch(Batch):
    """Sequences side by side: steps (time, batch, ...), lengths (batch,), labels (batch,)."""

    steps: Tensor
    lengths: Tensor
    labels: Tensor


class Classifier(ExampleModel[ClassifierConfig, ClassifierCodec, ClassExample, ClassBatch]):
    """Embedding of symbols, recurrent stack, pooling over time, dropout, output layer.

    Args:
        config: its shape.
        codec: its classes and what it reads.

    Raises:
        InputError: the cell does not exist, does not take the options, or lacks what is to be regularised; there is
            a weight of no class.
    """

    task = "classify"
    goal = "accuracy"
    Config = ClassifierConfig
    Codec = ClassifierCodec

    def __init__(self, config: ClassifierConfig, codec: ClassifierCodec) -> None:
        super().__init__(config, codec)
        self.reader = None
        if codec.kind == "text":
            self.reader = SymbolReader(codec.width, config.embedding_size, dropout=config.embedding_dropout)
            self._scale_embedding(SMALL)
        self.stack = make_stack(config, codec.width if self.reader is None else self.reader.width)
        self.pooling = Pooling(config.pooling, self.stack.output_size, directions=2 if config.bidirectional else 1)
        self.output = nn.Linear(self.stack.output_size, len(codec.labels))
        self.weights: Tensor
        self.register_buffer("weights", torch.tensor(class_weights(config, codec)))

    def _scale_embedding(self, factor: float) -> None:
        """Make what was drawn for words smaller, or as large again; characters are few and often met: theirs stays."""
        reads = self.codec.reads
        if self.reader is None or self.reader.embedding is None or not isinstance(reads, Symbols):
            return
        if reads.splitting == "word":
            with torch.no_grad():
                self.reader.embedding.weight.mul_(factor)

    def forward(self, steps: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Logits (batch, classes) of sequences (time, batch, ...)."""
        hidden = F.dropout(self.pooling(self._read(steps, lengths), lengths), self.config.dropout, self.training)
        return self.output(hidden)

    def _read(self, steps: Tensor, lengths: Tensor | None) -> Tensor:
        """What the stack writes (time, batch, width)."""
        if self.reader is not None:
            if self.training and self.config.symbol_dropout:
                steps = steps * (torch.rand(steps.shape, device=steps.device) >= self.config.symbol_dropout)
            steps = self.reader(steps)
        return self.stack(steps, lengths=lengths).outputs

    def start_from(self, vectors: WordVectors) -> None:
        """Begin with pretrained vectors; they are learnt on, unless the configuration says ``frozen``.

        Raises:
            ValueError: the model reads no symbols, or its embedding has another width.
        """
        embedding = None if self.reader is None else self.reader.embedding
        if embedding is None or not isinstance(self.codec.reads, Symbols):
            raise ValueError("vectors: expected a model that reads symbols by an embedding")
        self._scale_embedding(1 / SMALL)  # words without a vector become as large as those with one
        start_from_vectors(embedding, self.codec.reads, vectors, frozen=self.config.frozen)

    def symbol_vectors(self) -> tuple[Sequence[str], Tensor] | None:
        """The symbols and their vectors, if it reads symbols by an embedding."""
        embedding = None if self.reader is None else self.reader.embedding
        if embedding is None or not isinstance(self.codec.reads, Symbols):
            return None
        return self.codec.reads.names, embedding.weight

    def length(self, example: ClassExample) -> int:
        """Steps of the sequence."""
        return len(example.steps)

    def collate(self, examples: Sequence[ClassExample]) -> ClassBatch:
        """Sequences side by side."""
        steps, lengths = padded([example.steps for example in examples])
        return ClassBatch(steps, lengths, torch.tensor([example.label for example in examples]))

    def loss(self, batch: ClassBatch) -> Tensor:
        """Mean cross entropy in nats, with the weights of the classes and smoothed labels."""
        logits = self(batch.steps, batch.lengths)
        losses = F.cross_entropy(logits, batch.labels, label_smoothing=self.config.label_smoothing, reduction="none")
        return (losses * self.weights[batch.labels]).mean()

    def totals(self, batch: ClassBatch) -> Totals:
        """Cross entropy without weights or smoothing, and how often which class was answered for which."""
        logits = self(batch.steps, batch.lengths).detach().float()
        totals = {
            "loss": float(F.cross_entropy(logits, batch.labels, reduction="sum")),
            "count": float(len(batch.labels)),
        }
        return {**totals, **count_pairs(batch.labels.cpu().numpy(), logits.argmax(dim=1).cpu().numpy())}

    def figures(self, totals: Totals) -> dict[str, float]:
        """Accuracy, and F1 as the mean over the classes that occur."""
        confusion = Confusion.of(self.codec.labels.names, totals)
        return {"accuracy": confusion.accuracy, "macro_f1": confusion.macro_f1}

    @torch.no_grad()
    def probabilities(self, examples: Sequence[ClassExample]) -> np.ndarray:
        """The probability of each class, (examples, classes) float32; call it in evaluation mode."""
        device = next(self.parameters()).device
        found = np.zeros((len(examples), len(self.codec.labels)), np.float32)
        for indices in Buckets([len(example.steps) for example in examples], batch=AT_ONCE).ordered():
            batch = self.collate([examples[index] for index in indices]).to(device)
            found[indices] = torch.softmax(self(batch.steps, batch.lengths).float(), dim=1).cpu().numpy()
        return found

    @torch.no_grad()
    def attention(self, example: ClassExample) -> np.ndarray:
        """How much each step counts, (steps,) float32, sums to 1.

        Raises:
            ValueError: the model pools otherwise.
        """
        batch = self.collate([example]).to(next(self.parameters()).device)
        return self.pooling.weights(self._read(batch.steps, batch.lengths), batch.lengths)[0].float().cpu().numpy()


def class_weights(config: ClassifierConfig, codec: ClassifierCodec) -> list[float]:
    """How much an example of each class counts; balanced weights have mean 1 over the training examples.

    Raises:
        InputError: there is a weight of no class.
    """
    names, given = codec.labels.names, config.class_weights
    if given == BALANCED:
        return [sum(codec.counts) / (len(names) * count) for count in codec.counts]
    if not isinstance(given, dict):
        return [1.0] * len(names)
    for name in given:
        if name not in names:
            raise InputError(f"there is a weight of {name!r}, which is no class", did_you_mean(name, names))
    return [given.get(name, 1.0) for name in names]
