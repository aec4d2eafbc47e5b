"""The translation model: read a sequence, then write another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.data.padding import Batch, is_real, padded
from gatework.data.translation.language_pair import LanguagePair, name_of
from gatework.data.translation.translated import Translated
from gatework.data.translation.translation_scores import bleu_counts, bleu_of
from gatework.errors import InputError
from gatework.layers.recurrent import in_order, reading_order
from gatework.models.attentive_decoder import AttentiveDecoder, DecoderState
from gatework.models.bridge import Bridge
from gatework.models.encoder import make_stack
from gatework.models.model import ExampleModel, Totals
from gatework.models.reading import SymbolReader
from gatework.models.scheduled_sampling import own_share
from gatework.settings.tasks.translate import TranslationConfig


@dataclass(frozen=True)
class TranslationBatch(Batch):
    """Pairs side by side.

    Attributes:
        source: (time, batch) int64.
        source_lengths: (batch,).
        target: (time, batch) int64, the ends included.
        target_lengths: (batch,).
        references: the targets as texts.
    """

    source: Tensor
    source_lengths: Tensor
    target: Tensor
    target_lengths: Tensor
    references: tuple[str, ...]


GREEDY_BLEU = "greedy_bleu"


class TranslationModel(ExampleModel[TranslationConfig, LanguagePair, Translated, TranslationBatch]):
    """An encoder, a bridge, and a decoder that may look back at the source (see ``AttentiveDecoder``).

    Args:
        config: its shape.
        languages: the symbols that it reads and writes.

    Raises:
        InputError: the cell does not exist or does not take the options; all embeddings are to be one, but the
            languages have different symbols.
    """

    task = "translate"
    Config = TranslationConfig
    Codec = LanguagePair
    unit = "symbol"
    updates: Tensor

    def __init__(self, config: TranslationConfig, languages: LanguagePair) -> None:
        super().__init__(config, languages)
        self.reader = SymbolReader(len(languages.source), config.embedding_size, dropout=config.dropout)
        self.encoder = make_stack(config, config.embedding_size)
        self.decoder = AttentiveDecoder(config, len(languages.target), self.encoder.output_size)
        self.bridge = Bridge(self.encoder, self.decoder.stack) if config.bridge == "dense" else None
        if config.tied == "all":
            _share_embedding(self.reader, self.decoder, languages)
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))
        if config.choose_by == "bleu":
            self.goal = GREEDY_BLEU

    def symbol_vectors(self) -> tuple[Sequence[str], Tensor] | None:
        """The symbols of the source and their vectors."""
        assert self.reader.embedding is not None
        language = self.codec.source
        return [name_of(language, number) for number in range(len(language))], self.reader.embedding.weight

    def length(self, example: Translated) -> int:
        """Steps of the longer side."""
        return example.steps

    def collate(self, examples: Sequence[Translated]) -> TranslationBatch:
        """Sources and targets, each padded to its longest."""
        sources, targets, texts = zip(*examples, strict=True)
        references = tuple(self.codec.reference(target) for _, target in texts)
        return TranslationBatch(*padded(sources), *padded(targets), references)

    def encode(self, source: Tensor, lengths: Tensor) -> DecoderState:
        """Read sources (time, batch) of these lengths (batch,); what the decoder starts from."""
        x = self.reader(source)
        order = reading_order(x, lengths) if self.config.reverse_source else None
        result = self.encoder(x if order is None else in_order(x, order), lengths=lengths)
        outputs = result.outputs if order is None else in_order(result.outputs, order)
        first = self.decoder.stack.initial_state(source.shape[1])
        if self.bridge is not None:
            first = self.bridge(result.state, first)
        elif self.config.bridge == "copy":
            first = result.state
        return self.decoder.start(first, F.dropout(outputs, self.config.dropout, self.training), lengths)

    def loss(self, batch: TranslationBatch) -> Tensor:
        """Mean cross-entropy of the target's symbols and ends, with label smoothing."""
        logits, targets = self._predictions(batch, self._own(batch))
        return F.cross_entropy(logits, targets, label_smoothing=self.config.label_smoothing)

    @torch.no_grad()
    def totals(self, batch: TranslationBatch) -> Totals:
        """Cross-entropy without smoothing, symbols, how many are the likeliest; n-grams where BLEU chooses."""
        logits, targets = self._predictions(batch)
        right = (logits.argmax(dim=-1) == targets).sum()
        loss = F.cross_entropy(logits, targets, reduction="sum")
        found = {"loss": float(loss), "count": float(len(targets)), "right": float(right)}
        if self.goal:
            found |= bleu_counts([self.codec.text(tokens) for tokens in self.greedy(batch)], batch.references)
        return found

    def figures(self, totals: Totals) -> dict[str, float]:
        """Perplexity and accuracy of a symbol, given those before it; BLEU of greedy translations if it chooses."""
        mean = totals["loss"] / totals["count"]
        found = {"perplexity": math.exp(min(mean, 700)), "accuracy": totals["right"] / totals["count"]}
        return {**found, GREEDY_BLEU: bleu_of(totals)} if self.goal else found

    @torch.no_grad()
    def greedy(self, batch: TranslationBatch) -> list[list[int]]:
        """The likeliest symbol after each, until the end or ten more than twice the length of the row's own source."""
        end, state = self.codec.end, self.encode(batch.source, batch.source_lengths)
        limits = 2 * batch.source_lengths + 10
        tokens = torch.full_like(batch.source[0], self.codec.start)
        steps: list[Tensor] = []
        done = torch.zeros_like(tokens, dtype=torch.bool)
        while not bool(done.all()):
            written = self.decoder(tokens[None], state)
            tokens, state = self.decoder.logits(written.readouts[0]).argmax(dim=-1), written.state
            steps.append(tokens)
            done = done | (tokens == end) | (limits <= len(steps))
        rows = [row[:limit] for row, limit in zip(torch.stack(steps, dim=1).tolist(), limits.tolist(), strict=True)]
        return [row[: row.index(end)] if end in row else row for row in rows]

    def _predictions(self, batch: TranslationBatch, own: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Logits (real, symbols) and symbols (real,) of all real steps; padding never reaches the wide output."""
        start = torch.full_like(batch.target[:1], self.codec.start)
        given = torch.cat([start, batch.target[:-1]])
        state = self.encode(batch.source, batch.source_lengths)
        readouts = self.decoder(given, state, own).readouts
        real = is_real(batch.target_lengths, len(batch.target)).flatten().nonzero()[:, 0]
        chosen = readouts.flatten(0, 1).index_select(0, real)
        logits = self.decoder.logits(chosen)
        exact = torch.promote_types(logits.dtype, torch.float32)
        return logits.to(exact), batch.target.flatten().index_select(0, real)

    def _own(self, batch: TranslationBatch) -> Tensor | None:
        """Where the decoder is to read its own words; counts the updates that the schedule goes by."""
        config = self.config
        if not self.training or not config.scheduled_sampling:
            return None
        share = own_share(
            int(self.updates), config.sampling_schedule, config.sampling_updates, config.scheduled_sampling
        )
        self.updates += 1
        return torch.rand(batch.target.shape, device=batch.target.device) < share


def _share_embedding(reader: SymbolReader, decoder: AttentiveDecoder, languages: LanguagePair) -> None:
    """Let the source be read with the decoder's embedding.

    Raises:
        InputError: the languages have different symbols.
    """
    if not languages.shared:
        raise InputError("source and target have different symbols", "add --shared-vocabulary, or take --tied target")
    if reader.embedding is not None:
        reader.embedding.weight = decoder.output.weight
