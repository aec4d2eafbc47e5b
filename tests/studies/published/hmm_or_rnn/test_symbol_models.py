"""Both kinds of models come near the best possible loss; they are measured as by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework.studies.published.hmm_or_rnn.symbol_models import (
    _windows,
    fit_hmm,
    fit_network,
    hmm_parameters,
    make_network,
    network_loss,
)
from gatework.studies.sources.hidden_markov import HiddenMarkov
from gatework.studies.sources.symbol_sequences import known_sequences

SOURCE = HiddenMarkov.drawn(3, 5, seed=4, concentration=0.2)


@pytest.fixture(scope="module")
def data():
    return known_sequences(SOURCE, 50, 200, 100, seed=1)


def test_a_hidden_markov_model_of_the_true_size_comes_near_the_floor(data):
    floor = SOURCE.nats_per_symbol(data.test)
    fitted = fit_hmm(data, 3, seed=1, iterations=60, restarts=2)
    assert floor - 0.002 < fitted["loss"] < floor + 0.02
    assert fitted["parameters"] == 2 + 6 + 12 == hmm_parameters(3, 5)
    assert fitted["train_loss"] < SOURCE.nats_per_symbol(data.train) + 0.01


def test_a_network_comes_near_it_too(data):
    floor = SOURCE.nats_per_symbol(data.test)
    fitted = fit_network(data, "gru", 13, seed=1, updates=200, window=50, batch=20)
    assert floor - 0.002 < fitted["loss"] < floor + 0.04 < data.unigram_nats()
    assert fitted["parameters"] == 3 * 13 * (5 + 13 + 1) + 13 * 5 + 5


def test_the_loss_is_that_of_predicting_each_symbol_from_those_before(data):
    model, symbols = make_network("elman", 5, 7), data.test[:11, :3]
    total = 0.0
    with torch.no_grad():
        for column in symbols.T:
            for time, symbol in enumerate(column):
                x = torch.zeros(time + 1, 1, 5)
                for place in range(1, time + 1):
                    x[place, 0, column[place - 1]] = 1
                total -= model(x)[0][-1, 0].log_softmax(-1)[symbol].item()
    assert network_loss(model, symbols, 5) == pytest.approx(total / symbols.size, rel=1e-5)


def test_windows_go_through_all_sequences():
    symbols = np.arange(14 * 5).reshape(14, 5)
    windows = _windows(symbols, 6, 2, np.random.default_rng(1))
    seen = [next(windows) for _ in range(9)]
    assert sorted(np.concatenate([part.ravel() for part, _, _ in seen])) == list(range(70))
    for (part, before, first), (last, _, _) in zip(seen[1:], seen, strict=False):
        assert first == (before is None)
        if before is not None:
            assert (before == last[-1]).all()
            assert (before + 5 == part[0]).all()
