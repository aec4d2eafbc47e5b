"""The tagger against its parts put together sentence by sentence, word by word; losses and figures written out."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gatework.data.tagging.tag_codec import NO_TAG, TaggedExample, TaggerCodec
from gatework.errors import InputError
from gatework.models.tag import Tagger

SENTENCES = [
    ["the", "Cat", "saw", "a", "dog"],
    ["Cats", "run"],
    ["see"],
    ["a", "dog", "saw", "the", "Cat", "and", "the", "Cat", "saw", "Cats", "run", "away"],
]
TAGS = [list("DNVDN"), list("NV"), list("V"), list("DNVDNCDNVNVR")]
CODEC = TaggerCodec.build(SENTENCES[:3], TAGS[:3])  # C and R are no tags; and, away no words
SMALL = {"hidden_size": 7, "embedding_size": 5, "character_size": 3, "character_hidden": 11, "layers": 2}


def make(**options: Any) -> Tagger:
    torch.manual_seed(3)
    model = Tagger.build(CODEC, **{**SMALL, **options}).double()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 2
    return model.eval()


def examples(count: int = len(SENTENCES)) -> list[TaggedExample]:
    return [CODEC.encode(words, tags) for words, tags in zip(SENTENCES[:count], TAGS[:count], strict=True)]


def alone(model: Tagger, example: TaggedExample) -> Tensor:
    """Scores (words, tags) of one sentence, each of its words spelled alone and however often it occurs."""
    vectors = []
    for word, number in zip(example.words, example.numbers, strict=True):
        vector = [model.words.embedding.weight[number]]
        if model.characters is not None:
            letters = torch.from_numpy(CODEC.spell(word))[:, None]
            outputs = model.characters.stack(model.characters.read(letters)).outputs[:, 0]
            width = outputs.shape[1] // 2
            parts = {"last": torch.cat([outputs[-1, :width], outputs[0, width:]]), "max": outputs.amax(0)}
            parts["mean"] = outputs.mean(0)
            kinds = ["last", "max"] if model.config.character_pooling == "both" else [model.config.character_pooling]
            vector += [parts[kind] for kind in kinds]
        vectors.append(torch.cat(vector))
    return model.output(model.stack(torch.stack(vectors)[:, None]).outputs[:, 0])


def scores_of_all(model: Tagger, scores: Tensor) -> dict[tuple[int, ...], Tensor]:
    """The score of every tagging of a sentence, with a CRF's transitions."""
    found = {}
    for tags in itertools.product(range(len(CODEC.tags)), repeat=len(scores)):
        total = sum(scores[place, tag] for place, tag in enumerate(tags))
        if model.crf is not None:
            total = total + model.crf.b[tags[0]] + model.crf.e[tags[-1]]
            total = total + sum(model.crf.A[pair] for pair in itertools.pairwise(tags))
        found[tags] = total
    return found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"character_pooling": "last", "character_cell": "gru", "layers": 1},
        {"character_pooling": "mean", "bidirectional": False},
        {"character_pooling": "max", "cell": "elman", "cell_options": {"activation": "relu"}},
        {"character_size": 0},
    ],
)
def test_a_batch_is_its_sentences_one_by_one(options: dict[str, Any]) -> None:
    model = make(**options)
    batch = model.collate(examples())
    scores = model(batch)
    for row, example in enumerate(examples()):
        torch.testing.assert_close(scores[: len(example.words), row], alone(model, example))


def test_each_distinct_word_is_spelled_once() -> None:
    batch = make().collate(examples())
    distinct = dict.fromkeys(itertools.chain.from_iterable(SENTENCES))
    assert batch.characters.shape == (6, len(distinct))  # start, four letters, end
    assert batch.spelled.tolist() == [len(word) + 2 for word in distinct]
    words = [[list(distinct)[place] for place in row] for row in batch.places.T.tolist()]
    assert [row[: len(sentence)] for row, sentence in zip(words, SENTENCES, strict=True)] == SENTENCES


def test_padding_changes_nothing_but_shape() -> None:
    model = make(crf=True)
    short, long = examples()[1], examples()[3]
    both = model.collate([short, long])
    torch.testing.assert_close(model(both)[:2, 0], model(model.collate([short]))[:, 0])
    assert model.tags([short, long]) == [model.tags([short])[0], model.tags([long])[0]]
    loss = [model.totals(model.collate([one]))["loss"] for one in examples(3)]
    together = model.totals(model.collate(examples(3)))["loss"]
    assert together == pytest.approx(sum(loss), rel=1e-5)


def test_the_loss_is_the_mean_over_words() -> None:
    model = make()
    logs = [alone(model, example).log_softmax(1) for example in examples(3)]
    picked = [log[range(len(log)), torch.from_numpy(one.tags)] for log, one in zip(logs, examples(3), strict=True)]
    wanted = -torch.cat(picked).mean()
    torch.testing.assert_close(model.loss(model.collate(examples(3))), wanted)
    smooth = make(label_smoothing=0.2)
    uniform = -torch.cat(logs).mean()
    torch.testing.assert_close(smooth.loss(smooth.collate(examples(3))), 0.8 * wanted + 0.2 * uniform)
    totals = smooth.totals(smooth.collate(examples(3)))
    assert totals["loss"] / totals["count"] == pytest.approx(float(wanted.detach()), rel=1e-5)


def test_a_crf_is_exact() -> None:
    model = make(crf=True)
    losses, shares = [], model.probabilities(examples(3))
    loss = model.loss(model.collate(examples(3)))
    model.requires_grad_(False)
    for example, tags, share in zip(examples(3), model.tags(examples(3)), shares, strict=True):
        scores = scores_of_all(model, alone(model, example))
        every = torch.stack(list(scores.values())).logsumexp(0)
        losses.append(every - scores[tuple(example.tags.tolist())])
        best = max(scores, key=lambda one: float(scores[one]))
        assert tags == [CODEC.tags.names[tag] for tag in best]
        weights = {one: float((score - every).exp()) for one, score in scores.items()}
        for place, tag in itertools.product(range(len(example.words)), range(len(CODEC.tags))):
            wanted = sum(weight for one, weight in weights.items() if one[place] == tag)
            assert share[place, tag] == pytest.approx(wanted, rel=1e-4)
    wanted = torch.stack(losses).sum() / 8
    torch.testing.assert_close(loss.detach(), wanted)
    assert model.totals(model.collate(examples(3)))["loss"] / 8 == pytest.approx(float(wanted), rel=1e-4)


def test_probabilities_without_a_crf_are_those_of_the_scores() -> None:
    model = make()
    for example, share in zip(examples(), model.probabilities(examples()), strict=True):
        np.testing.assert_allclose(share, alone(model, example).softmax(1).detach(), rtol=1e-4)
    best = [[CODEC.tags.names[tag] for tag in share.argmax(1)] for share in model.probabilities(examples())]
    assert model.tags(examples()) == best
    assert model.tags([]) == model.probabilities([]) == []


@pytest.mark.parametrize("crf", [False, True])
def test_tags_that_are_not_known_count_as_wrong_but_cost_nothing(crf: bool) -> None:
    model = make(crf=crf)
    first, last = examples()[0], examples()[3]
    assert NO_TAG in last.tags
    totals = model.totals(model.collate([first, last]))
    assert (totals["words"], totals["count"]) == (17, 5 if crf else 15)
    if crf:
        assert totals["loss"] == pytest.approx(model.totals(model.collate([first]))["loss"], rel=1e-5)
    right = sum(
        tag == name
        for tag, name in zip(
            itertools.chain.from_iterable(model.tags([first, last])), [*TAGS[0], *TAGS[3]], strict=True
        )
    )
    assert model.figures(totals)["accuracy"] == right / 17


def test_words_become_unknown_in_training_alone() -> None:
    model = make(word_dropout=0.5, embedding_dropout=0.0, dropout=0.0, character_size=0, layers=1)
    seen: list[Tensor] = []
    model.words.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    batch = model.collate([CODEC.encode(["the", "Cat"] * 500)])
    model(batch)
    assert torch.equal(seen[0], batch.words)
    assert bool((batch.words > 0).all())
    model.train()(batch)
    assert (seen[1] == 0).float().mean() == pytest.approx(0.5, abs=0.05)
    assert torch.equal(seen[1][seen[1] > 0], batch.words[seen[1] > 0])


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    model = make(crf=True, character_cell="gru").float()
    model.save_pretrained(tmp_path / "model")
    loaded = Tagger.from_pretrained(tmp_path / "model")
    assert loaded.codec == CODEC
    torch.testing.assert_close(loaded(loaded.collate(examples())), model(model.collate(examples())), rtol=0, atol=0)
    assert loaded.tags(examples()) == model.tags(examples())


def test_its_words_have_vectors() -> None:
    names, vectors = make().symbol_vectors()
    assert len(names) == len(vectors) == len(CODEC.words)
    assert make(embedding_size=0).symbol_vectors() is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"crf": True, "label_smoothing": 0.1}, "label smoothing is for tags that are chosen one by one"),
        ({"character_cell": "nothing"}, "nothing"),
        ({"character_pooling": "first"}, "character_pooling|character-pooling"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make(**options)
