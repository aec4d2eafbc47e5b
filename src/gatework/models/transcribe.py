"""The transcriber: recurrent layers over frames of sound, trained without knowing when each symbol is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.padding import Batch, padded
from gatework.data.sound.alignments import collapsed
from gatework.data.sound.speech import SpeechCodec, Utterance
from gatework.data.text.edit_distance import errors
from gatework.layers.spectrogram_masks import SpectrogramMasks
from gatework.models.encoder import make_stack
from gatework.models.model import ExampleModel, Totals
from gatework.settings import TranscriberConfig


@dataclass(frozen=True)
class UtteranceBatch(Batch):
    """Utterances side by side.

    Attributes:
        steps: (time, batch, width), padded with zeros.
        lengths: (batch,) steps of each.
        tokens: (batch, longest) symbols, padded.
        counts: (batch,) symbols of each.
        words: what each says.
    """

    steps: Tensor
    lengths: Tensor
    tokens: Tensor
    counts: Tensor
    words: tuple[tuple[str, ...], ...]


class Transcriber(ExampleModel[TranscriberConfig, SpeechCodec, Utterance, UtteranceBatch]):
    r"""Masks while training, recurrent stack, dropout, an output of all symbols and blank at each step.

        loss = - sum over utterances of log sum_{alignments of the symbols} prod_t p_t(alignment_t)   per symbol, nats

    Connectionist temporal classification (Graves, Fernandez, Gomez and Schmidhuber 2006): all alignments of symbols
    and blanks with the steps count; none is given. The best model is that with the fewest errors of greedy decoding.

    Args:
        config: its shape.
        codec: what it hears and writes.

    Raises:
        InputError: the cell does not exist, does not take the options, or lacks what is to be regularised.

    Reference: doi:10.1145/1143844.1143891
    """

    task = "transcribe"
    goal = "symbol_accuracy"
    unit = "symbol"
    Config = TranscriberConfig
    Codec = SpeechCodec

    def __init__(self, config: TranscriberConfig, codec: SpeechCodec) -> None:
        super().__init__(config, codec)
        self.masks = SpectrogramMasks(
            codec.features.bands,
            time_masks=config.time_masks,
            time_share=config.time_mask_share,
            band_masks=config.band_masks,
            band_share=config.band_mask_share,
        )
        self.stack = make_stack(config, codec.width)
        self.output = nn.Linear(self.stack.output_size, len(codec.symbols))

    def forward(self, steps: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Say how likely each symbol is at each step.

        Args:
            steps: (time, batch, width).
            lengths: (batch,) steps of each row; all where None.

        Returns:
            Log-probabilities (time, batch, symbols) in nats.
        """
        every = torch.full(steps.shape[1:2], len(steps), device=steps.device) if lengths is None else lengths
        outputs = self.stack(self.masks(steps, every), lengths=lengths).outputs
        return self.output(F.dropout(outputs, self.config.dropout, self.training)).float().log_softmax(dim=-1)

    def length(self, example: Utterance) -> int:
        """Steps of a recording."""
        return len(example.steps)

    def collate(self, examples: Sequence[Utterance]) -> UtteranceBatch:
        """Utterances side by side."""
        steps, lengths = padded([example.steps for example in examples])
        tokens, counts = padded([example.tokens for example in examples])
        return UtteranceBatch(steps, lengths, tokens.T, counts, tuple(example.words for example in examples))

    def loss(self, batch: UtteranceBatch) -> Tensor:
        """Nats of a symbol."""
        return self._nats(self(batch.steps, batch.lengths), batch) / batch.counts.sum()

    def totals(self, batch: UtteranceBatch) -> Totals:
        """Nats, symbols, and the errors of greedy decoding in symbols and in words."""
        heard = self(batch.steps, batch.lengths)
        guesses = self.greedy(heard, batch.lengths)
        right = [row[:count] for row, count in zip(batch.tokens.tolist(), batch.counts.tolist(), strict=True)]
        wrong, symbols = errors(zip(guesses, right, strict=True))
        wrong_words, words = errors(
            (self.codec.words_of(guess), said) for guess, said in zip(guesses, batch.words, strict=True)
        )
        return {
            "loss": float(self._nats(heard, batch)),
            "count": float(symbols),
            "wrong": float(wrong),
            "words": float(words),
            "wrong_words": float(wrong_words),
        }

    def figures(self, totals: Totals) -> dict[str, float]:
        """Error rates: replaced, inserted and deleted symbols, and words, as a share of those that are right."""
        wrong = totals["wrong"] / totals["count"]
        rates = {f"{self.codec.units}_error_rate": wrong, "word_error_rate": totals["wrong_words"] / totals["words"]}
        return {**rates, self.goal: 1 - wrong}

    def greedy(self, heard: Tensor, lengths: Tensor) -> list[list[int]]:
        """The labels of the likeliest alignment of each row: heard (time, batch, symbols), lengths (batch,)."""
        paths = heard.argmax(dim=-1).T.cpu().numpy()
        rows = zip(paths, lengths.tolist(), strict=True)
        return [collapsed(path[:length], self.codec.blank).tolist() for path, length in rows]

    @torch.no_grad()
    def hear(self, utterances: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        """Log-probabilities of all symbols in recordings, in evaluation mode.

        Args:
            utterances: (steps, width) float32 each, as the codec's ``hear`` makes them.

        Returns:
            (time, batch, symbols) on the CPU, and how many steps of it each has, (batch,).
        """
        training, device = self.training, self.output.weight.device
        self.eval()
        try:
            steps, lengths = padded(utterances)
            return self(steps.to(device), lengths.to(device)).cpu(), lengths
        finally:
            self.train(training)

    def _nats(self, heard: Tensor, batch: UtteranceBatch) -> Tensor:
        return F.ctc_loss(heard, batch.tokens, batch.lengths, batch.counts, blank=self.codec.blank, reduction="sum")
