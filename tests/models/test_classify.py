"""The classifier against its parts written out; padding, weights and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.data.labelled.class_codec import ClassifierCodec
from gatework.data.labelled.labelled_dataset import ClassExample
from gatework.data.scaling import Scaling
from gatework.data.text.symbols import Symbols
from gatework.data.text.word_vectors import WordVectors
from gatework.errors import InputError
from gatework.models import Classifier

H, E, CLASSES = 7, 5, 3
POOLINGS = ["last", "mean", "max", "attention"]
TEXT = ClassifierCodec.build(["x", "y", "y", "z", "y", "z"], Symbols.build(["abcdefghij"], "character"))
SERIES = ClassifierCodec.build(["x", "y", "z"], Scaling((0.0,) * 2, (1.0,) * 2))
GENERATOR = np.random.default_rng(5)
TEXTS = [ClassExample(TEXT.encode("abcdefghij"[:n]), n % CLASSES) for n in (1, 3, 10, 2, 7)]
WALKS = [ClassExample(GENERATOR.normal(size=(n, 2)).astype(np.float32), n % CLASSES) for n in (1, 4, 11, 2)]


def make(codec: ClassifierCodec = TEXT, **options: Any) -> Classifier:
    torch.manual_seed(3)
    model = Classifier.build(codec, **{"hidden_size": H, "embedding_size": E, "dropout": 0.0, **options})
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 2
    return model.eval()


def logits_of(model: Classifier, example: ClassExample) -> Tensor:
    batch = model.collate([example])
    return model(batch.steps, batch.lengths)[0]


def by_hand(model: Classifier, example: ClassExample) -> Tensor:
    """Logits of a sequence, forward direction only, by torch.nn's embedding and LSTM."""
    cell = model.stack.layers[0][0].cell
    lstm = torch.nn.LSTM(E, H)
    gates = (cell.i, cell.f, cell.g, cell.o)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.cat([gate.W for gate in gates]))
        lstm.weight_hh_l0.copy_(torch.cat([gate.U for gate in gates]))
        lstm.bias_ih_l0.copy_(torch.cat([gate.b for gate in gates]))
        lstm.bias_hh_l0.zero_()
    outputs, _ = lstm(model.reader.embedding.weight[torch.from_numpy(example.steps)])
    pooled = {"last": outputs[-1], "mean": outputs.mean(0), "max": outputs.amax(0)}[model.config.pooling]
    return model.output(pooled)


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_it_is_what_its_parts_are(pooling: str) -> None:
    model = make(pooling=pooling, bidirectional=False)
    for example in TEXTS:
        torch.testing.assert_close(logits_of(model, example), by_hand(model, example))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize(("codec", "examples"), [(TEXT, TEXTS), (SERIES, WALKS)], ids=["text", "series"])
def test_padding_changes_nothing(pooling: str, codec: ClassifierCodec, examples: list[ClassExample]) -> None:
    model = make(codec, pooling=pooling, layers=2)
    batch = model.collate(examples)
    together = model(batch.steps, batch.lengths)
    alone = torch.stack([logits_of(model, example) for example in examples])
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(torch.from_numpy(model.probabilities(examples)), alone.softmax(dim=1).detach())


def test_the_loss_weighs_and_smooths() -> None:
    batch = make().collate(TEXTS)
    for given, weights in [
        ("balanced", [6 / 3 / 1, 6 / 3 / 3, 6 / 3 / 2]),
        ('{"y": 5}', [1, 5, 1]),
        ({"y": 5, "x": 0.25}, [0.25, 5, 1]),
        (None, [1, 1, 1]),
    ]:
        model = make(class_weights=given, label_smoothing=0.1)
        log_shares = F.log_softmax(model(batch.steps, batch.lengths), dim=1)
        targets = 0.9 * F.one_hot(batch.labels, CLASSES) + 0.1 / CLASSES
        losses = -(targets * log_shares).sum(dim=1)
        torch.testing.assert_close(model.loss(batch), (losses * torch.tensor(weights)[batch.labels]).mean())
        assert model.totals(batch)["loss"] == pytest.approx(
            float(F.nll_loss(log_shares.detach(), batch.labels, reduction="sum")), rel=1e-5
        )


@pytest.mark.parametrize(
    ("given", "said"),
    [('{"q": 2}', "weight of 'q', which is no class"), ("often", "balanced"), ('{"x": -1}', "weight of 'x' is -1")],
)
def test_weights_that_cannot_be(given: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make(class_weights=given)


def test_figures() -> None:
    model = make()
    totals: dict[str, float] = {}
    for examples in (TEXTS[:2], TEXTS[2:]):
        for name, value in model.totals(model.collate(examples)).items():
            totals[name] = totals.get(name, 0) + value
    meant = [example.label for example in TEXTS]
    answered = model.probabilities(TEXTS).argmax(axis=1).tolist()
    scores = []
    for number in set(meant) | set(answered):
        hits = sum(m == a == number for m, a in zip(meant, answered, strict=True))
        scores.append(2 * hits / (meant.count(number) + answered.count(number)))
    figures = model.figures(totals)
    assert 0 < figures["accuracy"] < 1
    assert figures["accuracy"] == sum(m == a for m, a in zip(meant, answered, strict=True)) / len(TEXTS)
    assert figures["macro_f1"] == pytest.approx(np.mean(scores))
    assert totals["count"] == len(TEXTS)


def test_attention_shares_out_one() -> None:
    model = make(pooling="attention")
    for example in TEXTS:
        shares = model.attention(example)
        assert shares.shape == (len(example.steps),)
        np.testing.assert_allclose(shares.sum(), 1, rtol=1e-5)
        batch = model.collate([example])
        outputs = model.stack(model.reader(batch.steps), lengths=batch.lengths).outputs[:, 0]
        pooled = (torch.from_numpy(shares)[:, None] * outputs).sum(dim=0)
        torch.testing.assert_close(model.output(pooled), logits_of(model, example))
    with pytest.raises(ValueError, match="only attention has weights"):
        make().attention(TEXTS[0])


def test_dropped_symbols_become_unknown() -> None:
    model = make(symbol_dropout=0.5).train()
    batch = model.collate([ClassExample(np.ones(1009, np.int64), 0)])
    read: list[Tensor] = []
    model.reader.register_forward_pre_hook(lambda _, arguments: read.append(arguments[0]))
    model(batch.steps, batch.lengths)
    model.eval()(batch.steps, batch.lengths)
    assert 0.4 < read[0].float().mean() < 0.6
    assert bool((read[1] == 1).all())


def test_it_starts_from_pretrained_vectors() -> None:
    vectors = WordVectors(["b", "j"], np.arange(2.0 * E, dtype=np.float32).reshape(2, E))
    model, drawn = make(frozen=True), make(frozen=True).reader.embedding.weight.detach().clone()
    model.start_from(vectors)
    names, weights = model.symbol_vectors()
    assert not weights.requires_grad
    np.testing.assert_array_equal(weights[[names.index("b"), names.index("j")]], vectors.vectors)
    torch.testing.assert_close(weights[names.index("a")], drawn[names.index("a")] * float(vectors.vectors.std()))
    tuned = make()
    tuned.start_from(vectors)
    assert tuned.reader.embedding.weight.requires_grad
    with pytest.raises(ValueError, match="5 numbers each"):
        make(embedding_size=3).start_from(vectors)
    with pytest.raises(ValueError, match="reads symbols by an embedding"):
        make(SERIES).start_from(vectors)
    assert make(SERIES).symbol_vectors() is None
    assert make(embedding_size=0).symbol_vectors() is None


@pytest.mark.parametrize(("codec", "examples"), [(TEXT, TEXTS), (SERIES, WALKS)], ids=["text", "series"])
def test_it_comes_back_from_a_folder(tmp_path: Path, codec: ClassifierCodec, examples: list[ClassExample]) -> None:
    model = make(codec, pooling="attention", class_weights={"x": 3})
    model.save_pretrained(tmp_path)
    again = Classifier.from_pretrained(tmp_path)
    assert (again.codec, again.config) == (model.codec, model.config)
    np.testing.assert_array_equal(again.probabilities(examples), model.probabilities(examples))
    assert again.weights.tolist() == [3, 1, 1]
