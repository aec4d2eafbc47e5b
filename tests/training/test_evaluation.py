"""Scores against a reader that goes symbol by symbol and a log-softmax in NumPy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from gatework.data import Corpus, Split
from gatework.errors import InputError
from gatework.models import LanguageModel
from gatework.training import Score, evaluate
from gatework.training.evaluation import STREAM


def make(corpus: Corpus, **options: Any) -> LanguageModel:
    torch.manual_seed(3)
    model = LanguageModel.build(corpus.vocabulary, **{"hidden_size": 7, "embedding_size": 5, **options})
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 2
    return model


def naive(model: LanguageModel, tokens: list[int], starts: set[int], first: int = 0) -> float:
    """The summed loss of a stream that begins anew at ``first``."""
    total, state = 0.0, None
    model.eval()
    with torch.no_grad():
        for place, (token, target) in enumerate(itertools.pairwise(tokens), first):
            logits, state = model.step(torch.tensor([token]), None if place in starts else state)
            row = logits[0].double().numpy()
            total -= row[target] - row.max() - math.log(np.exp(row - row.max()).sum())
    return total


@pytest.mark.parametrize("length", [2, 3, 50, 255, 256, 257, 258, 300, 513])
def test_short_texts_are_one_stream(corpus: Corpus, length: int) -> None:
    model, split = make(corpus), Split(corpus.tokens[:length], np.array([0]))
    score = evaluate(model, split)
    assert score.count == length - 1
    assert score.nats == pytest.approx(naive(model, split.tokens.tolist(), {0}) / (length - 1), rel=1e-5)


def test_documents_begin_anew(documents: Corpus) -> None:
    model = make(documents, cell="gru")
    split = Split(documents.tokens[:300], documents.starts[documents.starts < 300])
    assert len(split.starts) > 5
    expected = naive(model, split.tokens.tolist(), set(split.starts.tolist())) / 299
    assert evaluate(model, split).nats == pytest.approx(expected, rel=1e-5)
    assert evaluate(model, Split(split.tokens, split.starts[:1])).nats != pytest.approx(expected, rel=1e-3)


def test_long_texts_are_parallel_streams(corpus: Corpus) -> None:
    model = make(corpus)
    tokens = np.tile(corpus.tokens, 20)[: 2 * STREAM + 302]
    score = evaluate(model, Split(tokens, np.array([0])))
    length = (len(tokens) - 1) // 2
    halves = [tokens[: length + 1], tokens[length : 2 * length + 1]]
    assert score.count == 2 * length
    total = sum(naive(model, half.tolist(), {0}) for half in halves)
    assert score.nats == pytest.approx(total / (2 * length), rel=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_no_dropout_no_gradient_and_the_mode_comes_back(corpus: Corpus, training: bool) -> None:
    model = make(corpus, dropout=0.5).train(training)
    state = torch.get_rng_state()
    scores = {evaluate(model, corpus.validation).nats for _ in range(3)}
    assert len(scores) == 1
    assert model.training is training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_giving_up_restores_the_mode(corpus: Corpus) -> None:
    def poll() -> None:
        raise KeyboardInterrupt

    model = make(corpus).train()
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, corpus.validation, poll=poll)
    assert model.training


@pytest.mark.parametrize("length", [0, 1])
def test_too_short_a_text_is_named(corpus: Corpus, length: int) -> None:
    with pytest.raises(InputError, match="the sonnet is too short"):
        evaluate(make(corpus), Split(corpus.tokens[:length], np.array([0])), name="sonnet")


def test_units() -> None:
    score = Score(math.log(8), 5)
    assert score.bits == pytest.approx(3)
    assert score.perplexity == pytest.approx(8)
    assert Score(1e4, 5).perplexity == math.inf


def test_a_uniform_model_needs_log_of_the_vocabulary(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus("abcdefg" * 40)
    model = make(corpus)
    for parameter in model.parameters():
        parameter.data.zero_()
    score = evaluate(model, corpus.validation)
    assert score.perplexity == pytest.approx(len(corpus.vocabulary), rel=1e-6)
