"""The translation model against itself step by step, against torch.nn and NumPy, and against its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from little_translation import PAIRS, examples, languages, make
from torch.nn import functional as F

from gatework.data.translation.translation_scores import corpus_scores
from gatework.errors import InputError
from gatework.models.translate import TranslationModel

pytestmark = pytest.mark.usefixtures("exact")
SHAPES = [
    {},
    {"cell": "gru", "attention": "additive", "input_feeding": True},
    {"attention": "dot", "decoder_size": None, "layers": 2, "reverse_source": True},
    {"attention": "none", "cell": "gru", "decoder_cell": "lstm", "layers": 4},
    {"attention": "none", "bridge": "copy", "bidirectional": False, "decoder_size": None, "layers": 2},
    {"bridge": "none", "decoder_layers": 2, "tied": "none", "cell": "slstm"},
    {"cell": "scrn", "decoder_cell": "tgru", "layers": 2, "connection": "residual"},
]


def logits_of(model, batch):
    return model._predictions(batch)


@pytest.mark.parametrize("options", SHAPES)
def test_padding_changes_nothing(options):
    pair = languages()
    model, all_of = make(pair, **options), examples(pair)
    together, targets = logits_of(model, model.collate(all_of))
    begins = 0
    places = model.collate(all_of)
    order = [
        (t, row) for t in range(len(places.target)) for row in range(len(all_of)) if t < places.target_lengths[row]
    ]
    for row, example in enumerate(all_of):
        alone, own = logits_of(model, model.collate([example]))
        mine = [index for index, (_, of) in enumerate(order) if of == row]
        torch.testing.assert_close(together[mine], alone)
        assert targets[mine].tolist() == own.tolist() == example.target.tolist()
        begins += len(own)
    assert begins == len(targets) == sum(len(example.target) for example in all_of)


@pytest.mark.parametrize("options", SHAPES)
def test_all_steps_at_once_are_one_after_the_other(options):
    pair = languages()
    model = make(pair, **options).eval()
    batch = model.collate(examples(pair)[3:4])
    whole, _ = logits_of(model, batch)
    state, read = model.encode(batch.source, batch.source_lengths), torch.tensor([pair.start])
    for step, token in enumerate(batch.target):
        written = model.decoder(read[None], state)
        torch.testing.assert_close(model.decoder.logits(written.readouts[0]), whole[step : step + 1])
        state, read = written.state, token


def test_an_lstm_with_general_attention_is_luongs():
    """Luong, Pham and Manning 2015 from the paper, with the LSTMs of torch.nn."""
    pair = languages()
    model = make(pair, tied="none")
    batch = model.collate(examples(pair)[1:2])
    encoder = torch.nn.LSTM(3, 5, bidirectional=True)
    decoder = torch.nn.LSTM(3, 7)
    for own, theirs, ending in (
        (model.encoder.layers[0][0].cell, encoder, "l0"),
        (model.encoder.layers[0][1].cell, encoder, "l0_reverse"),
        (model.decoder.stack.layers[0][0].cell, decoder, "l0"),
    ):
        parts = dict(own.gates())
        rows = [parts[name] for name in ("i", "f", "g", "o")]
        with torch.no_grad():
            getattr(theirs, f"weight_ih_{ending}").copy_(torch.cat([gate.W for gate in rows]))
            getattr(theirs, f"weight_hh_{ending}").copy_(torch.cat([gate.U for gate in rows]))
            getattr(theirs, f"bias_ih_{ending}").copy_(torch.cat([gate.b for gate in rows]))
            getattr(theirs, f"bias_hh_{ending}").zero_()
    memory, (h, c) = encoder(model.reader.embedding(batch.source))
    last = torch.cat([h[0], c[0], h[1], c[1]], dim=-1)
    maps = model.bridge.maps[0]
    first = [torch.tanh(last @ maps[name].weight.T + maps[name].bias)[None] for name in ("h", "c")]
    given = torch.cat([torch.tensor([[pair.start]]), batch.target[:-1]])
    s, _ = decoder(model.decoder.reader.embedding(given), tuple(first))
    scores = s[:, 0] @ model.decoder.attention.W_a.weight @ memory[:, 0].T
    context = torch.softmax(scores, dim=-1) @ memory[:, 0]
    readout = torch.tanh(model.decoder.readout(torch.cat([s[:, 0], context], dim=-1)))
    torch.testing.assert_close(logits_of(model, batch)[0], model.decoder.output(readout))


def test_reversed_reading_is_reading_the_reversed():
    pair = languages()
    forward, backward = make(pair), make(pair, reverse_source=True)
    batch = forward.collate(examples(pair)[:1])
    length = len(batch.source)
    turned = forward.encode(batch.source.flip(0), batch.source_lengths)
    found = backward.encode(batch.source, batch.source_lengths)
    torch.testing.assert_close(found.stack, turned.stack)
    torch.testing.assert_close(found.memory.values, turned.memory.values.flip(0))
    assert found.memory.values.shape[0] == length


def test_copied_states_start_the_decoder():
    pair = languages()
    model = make(pair, attention="none", bridge="copy", bidirectional=False, decoder_size=None, layers=2)
    batch = model.collate(examples(pair))
    state = model.encode(batch.source, batch.source_lengths)
    result = model.encoder(model.reader(batch.source), lengths=batch.source_lengths)
    torch.testing.assert_close(state.stack, result.state)
    assert state.memory is None


def test_loss_and_totals_are_those_of_the_formulas():
    pair = languages()
    model = make(pair, label_smoothing=0.3)
    batch = model.collate(examples(pair))
    logits, targets = logits_of(model, batch)
    log = torch.log_softmax(logits, dim=-1).detach().numpy()
    picked = log[np.arange(len(targets)), targets.numpy()]
    assert float(model.loss(batch).detach()) == pytest.approx(-(0.7 * picked + 0.3 * log.mean(axis=1)).mean())
    totals = model.totals(batch)
    assert totals["loss"] == pytest.approx(-picked.sum())
    assert totals["count"] == len(targets)
    figures = model.figures(totals)
    assert figures["perplexity"] == pytest.approx(math.exp(-picked.mean()))
    assert figures["accuracy"] == pytest.approx((log.argmax(axis=1) == targets.numpy()).mean())


@pytest.mark.parametrize("options", SHAPES)
def test_every_parameter_learns(options):
    pair = languages()
    model = make(pair, **options)
    model.loss(model.collate(examples(pair))).backward()
    still = [name for name, one in model.named_parameters() if one.grad is None or not bool(one.grad.any())]
    assert still == []


def test_tied_embeddings_are_one():
    shared = languages(shared_vocabulary=True)
    free, target, every = (make(shared, tied=kind) for kind in ("none", "target", "all"))
    counts = [sum(one.numel() for one in model.parameters()) for model in (target, every)]
    assert counts[0] - counts[1] == len(shared.source) * 3
    assert every.reader.embedding.weight is every.decoder.output.weight is every.decoder.reader.embedding.weight
    assert target.decoder.output.weight is target.decoder.reader.embedding.weight
    assert free.decoder.output.weight.shape == (len(shared.target), 7)  # as wide as the decoder
    with pytest.raises(InputError, match="add --shared-vocabulary"):
        make(tied="all")


def test_dropout_acts_in_training_alone():
    pair = languages()
    model = make(pair, dropout=0.4)
    batch = model.collate(examples(pair))
    assert not torch.equal(logits_of(model, batch)[0], logits_of(model, batch)[0])
    model.eval()
    torch.testing.assert_close(logits_of(model, batch)[0], logits_of(model, batch)[0], rtol=0, atol=0)


def test_greedy_takes_the_likeliest_until_the_end():
    pair = languages()
    model = make(pair).eval()
    batch = model.collate(examples(pair))
    for row, found in enumerate(model.greedy(batch)):
        one = model.collate(examples(pair)[row : row + 1])
        state, token, expected = model.encode(one.source, one.source_lengths), pair.start, []
        for _ in range(2 * len(one.source) + 10):
            written = model.decoder(torch.tensor([[token]]), state)
            token, state = int(model.decoder.logits(written.readouts[0]).argmax()), written.state
            if token == pair.end:
                break
            expected.append(token)
        assert found == expected


def test_a_greedy_answer_does_not_depend_on_its_batch_mates():
    """A decoder that never ends writes as much as its own source allows, beside a longer one too."""
    pair = languages()
    model, both = make(pair).eval(), sorted(examples(pair), key=lambda example: len(example.source))[:: len(PAIRS) - 1]
    with torch.no_grad():
        model.decoder.output.bias[pair.end] = -1e6
    assert len(both[0].source) < len(both[1].source)
    together = model.greedy(model.collate(both))
    assert [len(row) for row in together] == [2 * len(example.source) + 10 for example in both]
    assert together == [model.greedy(model.collate([example]))[0] for example in both]


def test_bleu_can_choose():
    pair = languages()
    model = make(pair, choose_by="bleu").eval()
    batch = model.collate(examples(pair))
    figures = model.figures(model.totals(batch))
    translations = [pair.text(tokens) for tokens in model.greedy(batch)]
    assert model.goal == "greedy_bleu"
    assert figures["greedy_bleu"] == pytest.approx(corpus_scores(translations, [one for _, one in PAIRS])["bleu_none"])
    assert make(pair).goal == ""


@pytest.mark.parametrize("level", ["token", "bpe"])
def test_saved_models_are_the_same(tmp_path, level):
    pair = languages(level=level, max_vocabulary=50)
    model = make(pair, input_feeding=True, layers=2, scheduled_sampling=0.5)
    batch = model.collate(examples(pair))
    model.loss(batch)
    model.save_pretrained(tmp_path)
    again = TranslationModel.from_pretrained(tmp_path)
    assert again.codec == pair
    assert int(again.updates) == 1
    torch.testing.assert_close(logits_of(again, batch)[0], logits_of(model.eval(), batch)[0], rtol=0, atol=0)


def test_own_words_are_read_by_schedule(monkeypatch):
    pair = languages()
    model = make(pair, scheduled_sampling=1.0, sampling_schedule="linear", sampling_updates=2)
    batch = model.collate(examples(pair))
    seen = []
    monkeypatch.setattr(model.decoder, "_drawn", lambda readouts: seen.append(1) or torch.zeros(5, dtype=torch.int64))
    first = model.loss(batch)
    assert seen == []  # at update 0 all words are given
    torch.testing.assert_close(first, F.cross_entropy(*logits_of(model, batch), label_smoothing=0.1))
    model.loss(batch), model.loss(batch)
    assert int(model.updates) == 3
    assert len(seen) >= len(batch.target) - 1
    model.eval().loss(batch)
    assert int(model.updates) == 3


def test_own_words_are_drawn_from_the_last_prediction():
    pair = languages()
    model = make(pair).eval()
    decoder = model.decoder
    with torch.no_grad():
        decoder.output.weight.zero_()
        decoder.output.bias.fill_(-50.0)[4] = 50.0  # always writes symbol 4
    batch = model.collate(examples(pair)[:1])
    state = model.encode(batch.source, batch.source_lengths)
    given = batch.target
    own = torch.tensor([[False], [True], [False], [True], [True]])
    mixed = torch.where(own, 4, given)
    torch.testing.assert_close(decoder(given, state, own).readouts, decoder(mixed, state).readouts)


def test_symbols_of_the_source_have_vectors():
    model = make()
    names, vectors = model.symbol_vectors()
    assert list(names) == list(model.codec.source.names)
    assert vectors.shape == (len(names), 3)
