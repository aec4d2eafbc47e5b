"""Translations: searched as the beam search's reference does, replaced words, order, and what is refused."""

from __future__ import annotations

import itertools

import pytest
import torch
from little_translation import PAIRS, languages, make

from gatework.errors import InputError
from gatework.generation.translating import Translator, source_symbols
from gatework.settings.tasks.translate import TranslationPrediction

pytestmark = pytest.mark.usefixtures("exact")
TEXTS = [source for source, _ in PAIRS]


def likelihood(model, source, tokens):
    """Log-probability of a whole translation, all steps at once; the start takes no part."""
    read = torch.from_numpy(model.codec.read(source))[:, None]
    target = torch.tensor([[*tokens, model.codec.end]]).T
    given = torch.cat([torch.tensor([[model.codec.start]]), target[:-1]])
    logits = model.decoder.logits(model.decoder(given, model.encode(read, torch.tensor([len(read)]))).readouts)[:, 0]
    logits[:, model.codec.start] = -torch.inf
    return float(torch.log_softmax(logits, dim=-1).gather(1, target).sum())


@torch.no_grad()
@pytest.mark.parametrize("options", [{}, {"attention": "none"}, {"input_feeding": True, "layers": 2}])
def test_a_wide_beam_finds_the_best_of_all(options):
    model = make(languages(max_vocabulary=6), **options).eval()
    wide = TranslationPrediction(beam=400, n_best=3, length_penalty=0.0, length_limit=0.01)
    for text, found in zip(TEXTS[:2], Translator(model, wide).translate(TEXTS[:2]), strict=True):
        shortest = [
            (likelihood(model, text, tokens), tokens)
            for length in (1, 2, 3)
            for tokens in itertools.product([0, 3, 4, 5], repeat=length)
        ]
        best = max(shortest)
        assert found[0].score >= best[0] - 1e-9
        for one in found:
            tokens = [model.codec.target.names.index(symbol) for symbol in one.symbols]
            assert one.score == pytest.approx(likelihood(model, text, tokens))
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@torch.no_grad()
def test_a_beam_of_one_is_greedy():
    model = make().eval()
    found = Translator(model, TranslationPrediction(beam=1)).translate(TEXTS)
    for text, (one,) in zip(TEXTS, found, strict=True):
        read = torch.from_numpy(model.codec.read(text))[:, None]
        state, token, expected = model.encode(read, torch.tensor([len(read)])), model.codec.start, []
        while len(expected) < 3 * len(read) + 10:
            written = model.decoder(torch.tensor([[token]]), state)
            logits = model.decoder.logits(written.readouts[0, 0])
            logits[[model.codec.start, *([] if expected else [model.codec.end])]] = -torch.inf
            token, state = int(logits.argmax()), written.state
            if token == model.codec.end:
                break
            expected.append(token)
        assert one.text == model.codec.text(expected)


def test_neighbours_and_order_change_nothing():
    model = make()
    translator = Translator(model, TranslationPrediction(n_best=2))
    together = translator.translate(["", *TEXTS, "  "])
    assert together[0][0].text == together[-1][0].text == ""
    for text, found in zip(TEXTS, together[1:-1], strict=True):
        (alone,) = translator.translate([text])
        assert [one.text for one in alone] == [one.text for one in found]
        assert [one.score for one in alone] == pytest.approx([one.score for one in found])


def test_attention_is_of_symbols_and_source():
    model = make()
    (best, *_), *_ = Translator(model).translate(TEXTS[3:4])
    assert source_symbols(model.codec, TEXTS[3]) == [*TEXTS[3].split(), "<end>"]
    assert best.attention.shape == (len(best.symbols), len(TEXTS[3].split()) + 1)
    torch.testing.assert_close(best.attention.sum(dim=1), torch.ones(len(best.symbols)))


@pytest.fixture
def ignorant():
    """Writes three unknown words, each read from the source word of the same place, and ends."""
    model = make(languages(lower=True), attention="dot", bridge="none", decoder_size=None, hidden_size=5)
    plan = [0, 0, 0, model.codec.end]

    places = itertools.count()

    def logits(readouts):
        place = next(places)
        found = torch.full((len(readouts), len(model.codec.target)), -9.0)
        found[:, plan[min(place, 3)]] = 9.0
        return found

    def attended(query, memory):
        weights = torch.zeros(len(query), query.shape[1], len(memory.keys))
        step = attended.step = getattr(attended, "step", -1) + 1
        weights[..., min(step, len(memory.keys) - 1)] = 0.4
        weights[..., -1] += 0.6  # the end is looked at most, and is no word
        return torch.zeros(*query.shape[:2], memory.values.shape[2]), weights

    model.decoder.logits = logits
    model.decoder.attention.forward = attended
    return model


def test_unknown_words_stay_unless_told(ignorant):
    (found,) = Translator(ignorant, TranslationPrediction(beam=1)).translate(["Oslo is big"])[0]
    assert found.text == "<unknown> <unknown> <unknown>"


def test_unknown_words_are_copied(ignorant):
    (found,) = Translator(ignorant, TranslationPrediction(beam=1, replace_unknown=True)).translate(["Oslo is big"])[0]
    assert found.text == "oslo is big"


def test_unknown_words_are_looked_up(ignorant, tmp_path):
    path = tmp_path / "words.tsv"
    path.write_text("Is\tist\nbig\tgroß\n", encoding="utf-8")
    (found,) = Translator(ignorant, TranslationPrediction(beam=1, dictionary=str(path))).translate(["Oslo is big"])[0]
    assert found.text == "oslo ist groß"


@pytest.mark.parametrize(
    ("shape", "level", "message"),
    [({"attention": "none"}, "token", "no attention"), ({}, "character", "does not write words"), ({}, "bpe", "words")],
)
def test_what_cannot_be_replaced_is_refused(shape, level, message):
    with pytest.raises(InputError, match=message):
        Translator(make(languages(level=level), **shape), TranslationPrediction(replace_unknown=True))


def test_penalties_need_attention_and_ngrams_are_blocked():
    model = make()
    for options in ({"block_ngrams": 1}, {"block_ngrams": 2}):
        for found in Translator(model, TranslationPrediction(**options)).translate(TEXTS):
            symbols, n = found[0].symbols, options["block_ngrams"]
            grams = [symbols[place : place + n] for place in range(len(symbols) - n + 1)]
            assert len(grams) == len(set(grams))
    with pytest.raises(InputError, match="coverage"):
        Translator(make(attention="none"), TranslationPrediction(coverage_penalty=0.2))
