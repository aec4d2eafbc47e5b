"""The transcriber: its loss against all alignments, padding, error rates, masks, and what is saved."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.data.sound.lexicon import DIGITS
from gatework.data.sound.spectra import LogMel
from gatework.data.sound.speech import BLANK, SpeechCodec, Utterance
from gatework.data.text.ngrams import NGrams
from gatework.data.text.symbols import Symbols
from gatework.models import Transcriber
from gatework.settings import TranscriberConfig

FEATURES = LogMel(1000, bands=5, deltas=1)
SYMBOLS = Symbols.build(["T UW EY T"], "token", special=(BLANK,))  # T EY UW
CODEC = SpeechCodec(FEATURES, 3, "phoneme", SYMBOLS, ("eight", "two"), NGrams.of([], len(SYMBOLS), 2), DIGITS)


def make(**options) -> Transcriber:
    torch.manual_seed(3)
    model = Transcriber.build(CODEC, **{"hidden_size": 7, "layers": 2, **options})
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * 0.5
    return model.eval()


def utterances() -> list[Utterance]:
    generator = np.random.default_rng(5)
    said = [("two", 5), ("eight two", 7), ("two two", 6)]
    return [
        Utterance(
            generator.standard_normal((steps, CODEC.width)).astype(np.float32),
            CODEC.tokens(text),
            tuple(text.split()),
            text,
        )
        for text, steps in said
    ]


def all_alignments(heard: np.ndarray, tokens: list[int]) -> float:
    total = 0.0
    for alignment in itertools.product(range(heard.shape[1]), repeat=len(heard)):
        if [symbol for symbol, _ in itertools.groupby(alignment) if symbol != CODEC.blank] == tokens:
            total += math.exp(sum(heard[step, symbol] for step, symbol in enumerate(alignment)))
    return -math.log(total)


def test_the_loss_is_that_of_all_alignments() -> None:
    model, examples = make(), utterances()
    heard, lengths = model.hear([one.steps for one in examples])
    nats = [
        all_alignments(heard[:length, row].double().numpy(), example.tokens.tolist())
        for row, (example, length) in enumerate(zip(examples, lengths.tolist(), strict=True))
    ]
    symbols = sum(len(one.tokens) for one in examples)
    with torch.no_grad():
        batch = model.collate(examples)
        assert float(model.loss(batch)) == pytest.approx(sum(nats) / symbols, rel=1e-4)
        totals = model.totals(batch)
    assert totals["loss"] == pytest.approx(sum(nats), rel=1e-4)
    assert totals["count"] == symbols
    assert totals["words"] == 5


@pytest.mark.parametrize("bidirectional", [True, False])
def test_padding_changes_nothing(bidirectional: bool) -> None:
    model, examples = make(bidirectional=bidirectional), utterances()
    together, lengths = model.hear([one.steps for one in examples])
    for row, example in enumerate(examples):
        alone, _ = model.hear([example.steps])
        torch.testing.assert_close(together[: lengths[row], row], alone[:, 0])
        assert alone.exp().sum(dim=-1).allclose(torch.ones(1))
    with torch.no_grad():
        each = [model.totals(model.collate([example])) for example in examples]
        whole = model.totals(model.collate(examples))
    for name, value in whole.items():
        assert value == pytest.approx(sum(one[name] for one in each), rel=1e-5)


def test_error_rates_of_what_greedy_decoding_hears() -> None:
    model, examples = make(), utterances()
    blank, phoneme = CODEC.blank, SYMBOLS.id
    paths = [
        [blank, phoneme("T"), phoneme("T"), phoneme("UW"), blank],  # right
        [phoneme("T"), blank, phoneme("T"), phoneme("UW"), phoneme("UW"), blank, blank],  # EY is missing: two two
        [phoneme("EY"), phoneme("T"), phoneme("T"), blank, blank, blank],  # all but a T is wrong
    ]
    heard = torch.full((7, 3, len(SYMBOLS)), -9.0)
    for row, path in enumerate(paths):
        heard[range(len(path)), row, path] = 0
    lengths = torch.tensor([5, 7, 6])
    assert [CODEC.names(tokens) for tokens in model.greedy(heard, lengths)] == [
        ["T", "UW"],
        ["T", "T", "UW"],
        ["EY", "T"],
    ]
    model.forward = lambda steps, lengths: heard  # type: ignore[method-assign]
    figures = model.figures(model.totals(model.collate(examples)))
    wrong = (0 + 1 + 3) / (2 + 4 + 4)
    words = (0 + 1 + 2) / 5
    assert figures == pytest.approx(
        {"phoneme_error_rate": wrong, "word_error_rate": words, "symbol_accuracy": 1 - wrong}
    )


def test_masks_and_dropout_act_in_training_only() -> None:
    examples = utterances()
    model = make(time_mask_share=0.9, band_mask_share=0.9)
    batch = model.collate(examples)
    with torch.no_grad():
        assert torch.equal(model(batch.steps, batch.lengths), model(batch.steps, batch.lengths))
        model.train()
        assert not torch.equal(model(batch.steps, batch.lengths), model(batch.steps, batch.lengths))
        still = make(time_masks=0, band_masks=0, dropout=0).train()
        assert torch.equal(still(batch.steps, batch.lengths), still(batch.steps, batch.lengths))
        whole = still(batch.steps[:5, :1])
        torch.testing.assert_close(whole, still(batch.steps[:5, :1], torch.tensor([5])))
    model.hear([examples[0].steps])
    assert model.training


def test_it_learns() -> None:
    model, examples = make(dropout=0, time_masks=0, band_masks=0).train(), utterances()
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    batch = model.collate(examples)
    first = float(model.loss(batch).detach())
    for _ in range(60):
        optimizer.zero_grad()
        loss = model.loss(batch)
        loss.backward()
        optimizer.step()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert float(loss.detach()) < 0.1 < first
    with torch.no_grad():
        assert model.eval().figures(model.totals(batch))["word_error_rate"] == 0


def test_saved_and_loaded(tmp_path: Path) -> None:
    model, examples = make(), utterances()
    model.save_pretrained(tmp_path / "model")
    again = Transcriber.from_pretrained(tmp_path / "model")
    assert again.codec == CODEC
    assert again.config == model.config
    steps = [one.steps for one in examples]
    assert torch.equal(again.hear(steps)[0], model.hear(steps)[0])


def test_defaults_read_in_both_directions() -> None:
    assert TranscriberConfig().bidirectional
    assert make().stack.output_size == 14
