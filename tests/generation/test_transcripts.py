"""Transcripts: symbols, words, scores and times, greedy and by beam search with n-grams."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework.data.sound.spectra import LogMel
from gatework.data.sound.speech import BLANK, SpeechCodec
from gatework.data.text.ngrams import NGrams
from gatework.data.text.symbols import Symbols
from gatework.errors import InputError
from gatework.generation.transcripts import search, transcribe
from gatework.models import Transcriber
from gatework.settings import TranscribePrediction

SYMBOLS = Symbols.build(["ab c"], "character", special=(BLANK,))
A, B, C, SPACE, BLANK_ID = (SYMBOLS.id(name) for name in ("a", "b", "c", " ", BLANK))
TEXTS = [SYMBOLS.encode("ab").tolist()] * 9
CODEC = SpeechCodec(LogMel(1000, bands=5, deltas=0), 2, "character", SYMBOLS, ("ab",), NGrams.of(TEXTS, 6, 2))


@pytest.fixture
def model() -> Transcriber:
    return Transcriber.build(CODEC, hidden_size=3)


def heard(*rows: dict[int, float]) -> torch.Tensor:
    """Log-probabilities (time, 1, symbols); what is not named has a little."""
    shares = torch.full((len(rows), 1, len(SYMBOLS)), 1e-6)
    for step, row in enumerate(rows):
        for symbol, share in row.items():
            shares[step, 0, symbol] = share
    return (shares / shares.sum(dim=-1, keepdim=True)).log()


def test_words_and_times(model: Transcriber, monkeypatch: pytest.MonkeyPatch) -> None:
    path = [BLANK_ID, A, A, BLANK_ID, SPACE, B, BLANK_ID, B, C, BLANK_ID]
    said = heard(*({symbol: 0.98} for symbol in path))
    monkeypatch.setattr(model, "hear", lambda utterances: (said, torch.tensor([9])))
    for beam in (1, 5):
        (found,) = transcribe(model, [np.zeros((9, 10))], TranscribePrediction(beam=beam, language_weight=0))
        assert found.symbols == ("a", " ", "b", "b", "c")
        assert found.text == "a bbc"
        assert found.times == ((0.02, 0.06), (0.08, 0.1), (0.1, 0.12), (0.14, 0.16), (0.16, 0.18))
    assert found.score == pytest.approx(9 * np.log(0.98 / (0.98 + 5e-6)), abs=1e-3)


def test_ngrams_and_a_bonus_change_what_is_found(model: Transcriber) -> None:
    said = heard({A: 0.99}, {C: 0.55, B: 0.44})
    lengths = torch.tensor([2])

    def best(**options: float) -> list[int]:
        return search(model, said, lengths, TranscribePrediction(**options))[0].tokens

    assert best(beam=1) == best(beam=1, language_weight=9) == best(beam=4, language_weight=0) == [A, C]
    assert best(beam=4, language_weight=1) == best(beam=4) == [A, B]
    found = search(model, said, lengths, TranscribePrediction(beam=4, language_weight=0.7, insertion_bonus=0.3))[0]
    shares = CODEC.ngrams.log_probability((), A) + CODEC.ngrams.log_probability((A,), B)
    assert found.score == pytest.approx(found.log_probability + 0.7 * shares + 2 * 0.3)
    unsure = heard({A: 0.99}, {BLANK_ID: 0.6, B: 0.4})
    assert search(model, unsure, lengths, TranscribePrediction(language_weight=0))[0].tokens == [A]
    assert search(model, unsure, lengths, TranscribePrediction(language_weight=0, insertion_bonus=1))[0].tokens == [
        A,
        B,
    ]


def test_several_recordings_at_once(model: Transcriber) -> None:
    generator = np.random.default_rng(3)
    for parameter in model.parameters():
        parameter.data = 2 * torch.randn_like(parameter)
    model.output.bias.data.zero_()
    utterances = [generator.standard_normal((steps, 10)).astype(np.float32) for steps in (7, 3, 11)]
    options = TranscribePrediction(language_weight=0.1)
    together = transcribe(model, utterances, options)
    for found, utterance in zip(together, utterances, strict=True):
        (alone,) = transcribe(model, [utterance], options)
        assert found.symbols == alone.symbols
        assert found.times == alone.times
        assert found.score == pytest.approx(alone.score, rel=1e-4)
        assert all(0 <= first < end <= len(utterance) * 0.02 + 1e-9 for first, end in found.times)
    assert len({found.symbols for found in together}) > 1


def test_options_out_of_range(model: Transcriber) -> None:
    options = TranscribePrediction().model_copy(update={"insertion_bonus": float("nan")})
    with pytest.raises(InputError, match="insertion_bonus"):
        transcribe(model, [np.zeros((3, 10), np.float32)], options)
