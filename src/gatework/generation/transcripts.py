"""What is said in recordings: symbols, words, and when each was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from gatework.data.sound.alignments import label_steps
from gatework.generation.ctc import CTCOptions, ctc_beam, ctc_greedy
from gatework.generation.hypotheses import Hypothesis
from gatework.models.transcribe import Transcriber
from gatework.settings import TranscribePrediction


@dataclass(frozen=True)
class Transcript:
    """What was heard in one recording.

    Attributes:
        symbols: phonemes, characters or words, as the model writes them.
        text: the words that they make.
        score: by which it was chosen: the log-probability, in nats, of the symbols (beam search: with the n-grams'
            share and the bonuses), or of their likeliest alignment (greedy).
        times: for each symbol when it begins and ends in its likeliest alignment, seconds. A model of this kind need
            not spread a symbol over all of its sound: the beginning is the more telling.
    """

    symbols: tuple[str, ...]
    text: str
    score: float
    times: tuple[tuple[float, float], ...]


def transcribe(
    model: Transcriber, utterances: Sequence[np.ndarray], options: TranscribePrediction | None = None
) -> list[Transcript]:
    """Write down what is said.

    Args:
        model: a trained one.
        utterances: (steps, width) float32 each, as ``model.codec.hear`` makes them of samples.
        options: how to search.

    Raises:
        InputError: an option is out of range.
        DivergedError: the model's output is no number.
    """
    heard, lengths = model.hear(utterances)
    found = search(model, heard, lengths, options)
    transcripts = []
    for row, (best, length) in enumerate(zip(found, lengths.tolist(), strict=True)):
        spans = label_steps(heard[:length, row].numpy(), best.tokens, model.codec.blank)
        seconds = model.codec.step_seconds
        times = tuple((round(first * seconds, 3), round(end * seconds, 3)) for first, end in spans)
        codec = model.codec
        transcripts.append(Transcript(tuple(codec.names(best.tokens)), codec.text(best.tokens), best.score, times))
    return transcripts


def search(
    model: Transcriber, heard: Tensor, lengths: Tensor, options: TranscribePrediction | None = None
) -> list[Hypothesis]:
    """Find the best symbols of each row of log-probabilities (time, batch, symbols); lengths (batch,)."""
    options = options or TranscribePrediction()
    codec = model.codec
    if options.beam == 1:
        return ctc_greedy(heard, lengths, blank=codec.blank)
    chosen = CTCOptions(options.beam, language_weight=options.language_weight, insertion_bonus=options.insertion_bonus)
    language = codec.ngrams.log_probability if options.language_weight else None
    rows = ctc_beam(heard, lengths, blank=codec.blank, options=chosen, language=language)
    return [row[0] for row in rows]
