"""The tagger: a tag for each word of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.batches import Buckets
from gatework.data.padding import Batch, is_real, padded
from gatework.data.tagging.tag_codec import NO_TAG, TaggedExample, TaggerCodec
from gatework.layers.crf import LinearChainCRF
from gatework.models.characters import CharacterReader
from gatework.models.encoder import make_stack
from gatework.models.model import ExampleModel, Totals
from gatework.models.reading import SymbolReader
from gatework.models.tag_figures import count_tags, tag_figures
from gatework.settings import EncoderConfig
from gatework.settings.tasks.tag import TaggerConfig

AT_ONCE = 64


@dataclass(frozen=True)
class TagBatch(Batch):
    """Sentences side by side, and their distinct words once each.

    Attributes:
        words: (time, batch) int64.
        lengths: (batch,).
        tags: (time, batch) int64, ``NO_TAG`` in the padding.
        unseen: (time, batch) bool.
        places: (time, batch) int64, which of the distinct words stands there.
        characters: (characters, distinct words) int64.
        spelled: (distinct words,) how many characters each has.
    """

    words: Tensor
    lengths: Tensor
    tags: Tensor
    unseen: Tensor
    places: Tensor
    characters: Tensor
    spelled: Tensor


class Tagger(ExampleModel[TaggerConfig, TaggerCodec, TaggedExample, TagBatch]):
    """Words and their characters side by side, recurrent stack, scores of tags; optionally a CRF (Lample et al. 2016).

    Args:
        config: its shape.
        codec: words, characters and tags.

    Raises:
        InputError: a cell does not exist, does not take the options, or lacks what is to be regularised.
    Reference: arXiv:1603.01360
    """

    task = "tag"
    goal = "accuracy"
    unit = "word"
    Config = TaggerConfig
    Codec = TaggerCodec

    def __init__(self, config: TaggerConfig, codec: TaggerCodec) -> None:
        super().__init__(config, codec)
        words = SymbolReader(len(codec.words), config.embedding_size)
        characters = self._character_reader() if config.character_size else None
        self.stack = make_stack(config, words.width + (0 if characters is None else characters.width))
        self.words = words
        self.characters = characters
        self.output = nn.Linear(self.stack.output_size, len(codec.tags))
        self.crf = LinearChainCRF(len(codec.tags)) if config.crf else None

    def _character_reader(self) -> CharacterReader:
        config = self.config
        options = config.cell_options if config.character_cell in (None, config.cell) else {}
        layer = EncoderConfig(
            cell=config.character_cell or config.cell, cell_options=options, hidden_size=config.character_hidden
        )
        return CharacterReader(len(self.codec.characters), config.character_size, layer, config.character_pooling)

    def forward(self, batch: TagBatch) -> Tensor:
        """The score of each tag for each word (time, batch, tags)."""
        config, words = self.config, batch.words
        if self.training and config.word_dropout:
            words = words * (torch.rand(words.shape, device=words.device) >= config.word_dropout)
        read = self.words(words)
        if self.characters is not None:
            spelled = self.characters(batch.characters, batch.spelled)
            read = torch.cat([read, spelled[batch.places]], dim=-1)
        read = F.dropout(read, config.embedding_dropout, self.training)
        hidden = self.stack(read, lengths=batch.lengths).outputs
        return self.output(F.dropout(hidden, config.dropout, self.training))

    def symbol_vectors(self) -> tuple[Sequence[str], Tensor] | None:
        """The words that it knows, and their embedding (words, width)."""
        embedding = self.words.embedding
        return None if embedding is None else (self.codec.words.names, embedding.weight)

    def length(self, example: TaggedExample) -> int:
        """Words of the sentence."""
        return len(example.words)

    def collate(self, examples: Sequence[TaggedExample]) -> TagBatch:
        """Sentences side by side; each distinct word of them is spelled once."""
        numbers, lengths = padded([example.numbers for example in examples])
        tags, _ = padded([example.tags for example in examples], NO_TAG)
        unseen, _ = padded([example.unseen for example in examples])
        distinct = {word: place for place, word in enumerate(dict.fromkeys(w for one in examples for w in one.words))}
        places, _ = padded([np.array([distinct[word] for word in example.words]) for example in examples])
        characters, spelled = padded([self.codec.spell(word) for word in distinct])
        return TagBatch(numbers, lengths, tags, unseen, places, characters, spelled)

    def loss(self, batch: TagBatch) -> Tensor:
        """Mean negative log-likelihood of a word's tag in nats; of all tags of a sentence together with a CRF."""
        scores = self(batch)
        if self.crf is None:
            smoothing = self.config.label_smoothing
            return F.cross_entropy(
                scores.flatten(0, 1), batch.tags.flatten(), ignore_index=NO_TAG, label_smoothing=smoothing
            )
        return -self.crf.log_likelihood(scores, batch.tags, batch.lengths).sum() / batch.lengths.sum()

    @torch.no_grad()
    def totals(self, batch: TagBatch) -> Totals:
        """The loss over words of known tags (with a CRF, sentences of them), and what ``count_tags`` counts."""
        scores = self(batch).float()
        real = is_real(batch.lengths, len(scores))
        if self.crf is None:
            known = batch.tags != NO_TAG
            loss = F.cross_entropy(scores[known], batch.tags[known], reduction="sum")
        else:
            whole = (batch.tags != NO_TAG).logical_or(~real).all(dim=0)
            known = real & whole
            loss = -self.crf.log_likelihood(scores, batch.tags.clamp(min=0), batch.lengths)[whole].sum()
        answers = self._best(scores, batch.lengths)
        found = count_tags(answers, batch.tags, batch.unseen, batch.lengths, self.codec)
        return {"loss": float(loss), "count": float(known.sum()), **found}

    def figures(self, totals: Totals) -> dict[str, float]:
        """Accuracy, that on unseen words, mean F1 of the tags, and precision, recall and F1 of spans."""
        return tag_figures(totals, self.codec)

    def _best(self, scores: Tensor, lengths: Tensor) -> list[Tensor]:
        """The likeliest tags of each row, (length,) int64."""
        if self.crf is not None:
            return self.crf.decode(scores, lengths)[0]
        return [row[:length] for row, length in zip(scores.argmax(dim=2).T, lengths.tolist(), strict=True)]

    @torch.no_grad()
    def tags(self, examples: Sequence[TaggedExample]) -> list[list[str]]:
        """The likeliest tags of sentences; call it in evaluation mode."""
        found: list[list[str]] = [[] for _ in examples]
        for indices, batch in self._batches(examples):
            for index, row in zip(indices, self._best(self(batch), batch.lengths), strict=True):
                found[index] = [self.codec.tags.names[tag] for tag in row.tolist()]
        return found

    @torch.no_grad()
    def probabilities(self, examples: Sequence[TaggedExample]) -> list[np.ndarray]:
        """The probability of each tag for each word, (words, tags) float32 a sentence; call it in evaluation mode.

        With a CRF they are those over all taggings of the sentence (marginals).
        """
        found: list[np.ndarray] = [np.empty(0)] * len(examples)
        for indices, batch in self._batches(examples):
            scores = self(batch).float()
            shares = scores.softmax(dim=2) if self.crf is None else self.crf.marginals(scores, batch.lengths)
            for row, (index, length) in enumerate(zip(indices, batch.lengths.tolist(), strict=True)):
                found[index] = shares[:length, row].cpu().numpy()
        return found

    def _batches(self, examples: Sequence[TaggedExample]) -> list[tuple[list[int], TagBatch]]:
        device = next(self.parameters()).device
        order = Buckets([len(example.words) for example in examples], batch=AT_ONCE).ordered()
        return [
            (indices.tolist(), self.collate([examples[index] for index in indices]).to(device)) for indices in order
        ]
