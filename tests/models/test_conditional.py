"""Text of a given kind: a distribution that depends on the kind, whatever the padding, and what is drawn from it."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gatework.data.labelled.conditioned import ConditionCodec, KindOfText, load_conditioned, read_kinds
from gatework.data.text.symbols import END, START, Labels, Symbols
from gatework.errors import DamagedFileError, InputError
from gatework.generation.conditional import generate_kind
from gatework.generation.sampling import Sampling
from gatework.models.conditional import ConditionalLanguageModel
from gatework.settings.tasks.conditional import ConditionalData, ConditionalGeneration
from gatework.training import fit

SYMBOLS = Symbols("character", ("<unknown>", START, END, *"abcde"), special=3)
CODEC = ConditionCodec(SYMBOLS, Labels(("up", "down", "round")))


def make(**options: object) -> ConditionalLanguageModel:
    small = {"hidden_size": 7, "embedding_size": 5, "condition_size": 3, "dropout": 0.0}
    return ConditionalLanguageModel.build(CODEC, **{**small, **options}).double()


def examples() -> list:
    kinds = [("abcde", {"up": 1.0}), ("edc", {"down": 1.0}), ("a", {"up": 1.0, "down": 3.0}), ("", {"round": 2.0})]
    return [CODEC.encode(KindOfText(text, weights, "here")) for text, weights in kinds]


@pytest.mark.parametrize("condition", ["state", "input", "both"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_kind_changes_what_is_expected(condition: str, cell: str) -> None:
    model = make(condition=condition, cell=cell, layers=2)
    symbols = torch.tensor([[1, 1], [3, 3]])
    logits, _ = model(symbols, *model.begin(torch.eye(3, dtype=torch.float64)[:2]))
    first, second = logits.log_softmax(2).unbind(1)
    assert float((first - second).abs().min(dim=1).values.max().detach()) > 1e-6
    model.kinds.weight.grad = None
    logits[-1].square().sum().backward()
    assert model.kinds.weight.grad is not None
    assert float(model.kinds.weight.grad[:, :2].abs().min()) > 0
    assert float(model.kinds.weight.grad[:, 2].abs().max()) == 0


def test_loss_and_totals_are_those_of_each_text_alone() -> None:
    model, given = make(), examples()
    batch = model.collate(given)
    batch = type(batch)(batch.symbols, batch.lengths, batch.mixture.double())
    with torch.no_grad():
        nats = 0.0
        for example in given:
            kind, state = model.begin(torch.from_numpy(example.mixture).double()[None])
            for now, following in zip(example.symbols, example.symbols[1:], strict=False):  # step by step
                logits, state = model(torch.tensor([[int(now)]]), kind, state)
                nats += float(F.cross_entropy(logits[0], torch.tensor([int(following)])))
        totals, loss = model.totals(batch), float(model.loss(batch))
    assert totals["count"] == sum(map(model.length, given)) == 6 + 4 + 2 + 1
    assert totals["loss"] == pytest.approx(nats, rel=1e-9)
    assert loss == pytest.approx(nats / totals["count"], rel=1e-9)


def test_mixtures_are_shares() -> None:
    np.testing.assert_allclose(CODEC.mixture({"up": 1, "round": 3}), [0.25, 0, 0.75])
    for weights, words in (
        ({"sideways": 1}, "no label"),
        ({"up": 0}, "at least one above 0"),
        ({"up": -1}, "none below"),
    ):
        with pytest.raises(InputError, match=words):
            CODEC.mixture(weights)


def test_a_saved_model_is_the_same(tmp_path: Path) -> None:
    model = make().float()
    model.save_pretrained(tmp_path)
    loaded = ConditionalLanguageModel.from_pretrained(tmp_path)
    assert loaded.codec == CODEC
    drawn = [generate_kind(one, "up", samples=3, length=9, seed=4) for one in (model, loaded)]
    assert drawn[0] == drawn[1] != generate_kind(model, "up", samples=3, length=9, seed=5)
    for value in ({}, {"symbols": SYMBOLS.to_json()}, {"symbols": SYMBOLS.to_json(), "labels": ["a", "a"]}):
        with pytest.raises(DamagedFileError):
            ConditionCodec.from_json(json.loads(json.dumps(value)))
    with pytest.raises(DamagedFileError, match="lack"):
        ConditionCodec.from_json({"symbols": Symbols("character", ("<unknown>", "a")).to_json(), "labels": ["a"]})


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kinds") / "kinds.csv"
    rows = ["abcde,up", "bcdea,up", "edcba,down", "dcbae,down"] * 25
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


def test_what_it_learns_it_writes(table: Path) -> None:
    dataset = load_conditioned(ConditionalData(sources=[str(table)]))
    assert dataset.codec.labels.names == ("down", "up")
    model = ConditionalLanguageModel.build(dataset.codec, hidden_size=23, embedding_size=7, condition_size=3)
    fit(model, dataset, steps=240, batch=16, learning_rate=0.02)
    cold = Sampling(temperature=0)
    assert generate_kind(model, "up", "a", sampling=cold) == ["abcde"]
    assert generate_kind(model, "down", "e", sampling=cold) == ["edcba"]
    assert set(generate_kind(model, {"up": 1.0}, samples=8, seed=1)) <= {"abcde", "bcdea"}
    with pytest.raises(InputError, match="never seen"):
        generate_kind(model, "up", "xyz")
    with pytest.raises(InputError, match="length is 0"):
        generate_kind(model, "up", length=0)


def test_guidance_exaggerates_what_is_typical(table: Path) -> None:
    dataset = load_conditioned(ConditionalData(sources=[str(table)]))
    model = ConditionalLanguageModel.build(dataset.codec, hidden_size=11, embedding_size=5, condition_size=3)
    fit(model, dataset, steps=40, batch=16, learning_rate=0.02)

    def rising(guidance: float) -> float:
        texts = generate_kind(model, "up", samples=200, length=6, seed=1, guidance=guidance)
        return sum(a < b for text in texts for a, b in itertools.pairwise(text)) / sum(map(len, texts))

    assert rising(3.0) > rising(0.0)
    plain = generate_kind(model, {"up": 1, "down": 1}, samples=5, seed=1)  # of all kinds evenly: nothing is typical
    assert generate_kind(model, {"up": 1, "down": 1}, samples=5, seed=1, guidance=2.0) == plain
    with pytest.raises(InputError, match="guidance"):
        generate_kind(model, "up", guidance=-1.0)


def test_topics_of_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "topics.jsonl"
    rows = [{"text": "ab", "label": {"sun": 1, "rain": 3}}, {"text": "ba", "label": "sun"}] * 5
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset = load_conditioned(ConditionalData(sources=[str(path)], validation=0))
    assert dataset.codec.labels.names == ("rain", "sun")
    assert sorted({tuple(example.mixture.tolist()) for example in dataset.train}) == [(0.0, 1.0), (0.75, 0.25)]
    path.write_text('{"text": "ab", "label": {"sun": "much"}}\n')
    with pytest.raises(InputError, match="line 1"):
        load_conditioned(ConditionalData(sources=[str(path)]))
    path.write_text('{"words": "ab", "label": "sun"}\n')
    with pytest.raises(InputError, match="--text-column"):
        load_conditioned(ConditionalData(sources=[str(path)]))
    path.write_text('{"text": "ab", "label": "sun"}\n' * 3)
    with pytest.raises(InputError, match="one label only"):
        load_conditioned(ConditionalData(sources=[str(path)]))


@pytest.mark.parametrize("name", ["kinds.csv", "kinds.jsonl"])
def test_compressed_tables_are_tables(tmp_path: Path, name: str) -> None:
    """Not files of lines whose label is their name."""
    rows = {"csv": "text,label\nab,up\nba,down\n", "jsonl": '{"text": "ab", "label": {"up": 2, "down": 1}}\n'}
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(rows[name.rpartition(".")[2]].encode()))
    found = read_kinds([str(path)], ConditionalData())
    assert {label for one in found for label in one.weights} == {"up", "down"}
    assert found[0].text == "ab"


@pytest.mark.parametrize(
    ("text", "options", "remedy"),
    [
        ("text,label\n,up\n,down\n", {}, "give texts of some length"),
        ("text,label\nab,up\nba,down\n", {"max_length": 1}, "make --max-length longer"),
        ("text,label\nab,up\nba,down\n", {"validation": 0.9}, "hold out less"),
    ],
)
def test_where_no_text_is_left(tmp_path: Path, text: str, options: dict[str, Any], remedy: str) -> None:
    (tmp_path / "kinds.csv").write_text(text)
    with pytest.raises(InputError, match=rf"kinds\.csv gives no training text: {remedy}"):
        load_conditioned(ConditionalData(sources=[str(tmp_path / "kinds.csv")], **options))


def test_labels_as_a_user_says_them() -> None:
    assert ConditionalGeneration(label=["a", "b=0.5", "c=d"]).weights == {"a": 1.0, "b": 0.5, "c=d": 1.0}
    with pytest.raises(ValueError, match="LABEL"):
        ConditionalGeneration(label=["b=-1"])
