"""The forward algorithm against all paths and against hmmlearn; draws have the frequencies of the model."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gatework.studies.sources.hidden_markov import HiddenMarkov, stationary


@pytest.fixture
def source():
    return HiddenMarkov.drawn(3, 5, seed=4, concentration=0.7)


def test_the_forward_algorithm_is_the_sum_over_all_paths(source):
    symbols = np.random.default_rng(7).integers(0, 5, (6, 2))
    wanted = []
    for sequence in symbols.T:
        total = 0.0
        for path in itertools.product(range(3), repeat=6):
            chance = source.start[path[0]]
            for before, after in itertools.pairwise(path):
                chance *= source.transition[before, after]
            total += chance * np.prod(
                [source.emission[state, symbol] for state, symbol in zip(path, sequence, strict=True)]
            )
        wanted.append(np.log(total))
    assert source.log_likelihood(symbols) == pytest.approx(wanted, rel=1e-10)


def test_probabilities_of_all_sequences_add_up_to_one(source):
    every = np.array(list(itertools.product(range(5), repeat=4))).T
    assert np.exp(source.log_likelihood(every)).sum() == pytest.approx(1.0)


def test_it_agrees_with_hmmlearn(source):
    hmm = pytest.importorskip("hmmlearn.hmm")
    model = hmm.CategoricalHMM(3)
    model.startprob_, model.transmat_, model.emissionprob_ = source.start, source.transition, source.emission
    symbols = source.sample(101, 7, np.random.default_rng(2))
    rows = symbols.T.reshape(-1, 1)
    assert source.log_likelihood(symbols).sum() == pytest.approx(model.score(rows, [101] * 7), rel=1e-9)


def test_the_start_stays_as_it_is(source):
    assert source.start @ source.transition == pytest.approx(source.start)
    assert stationary(np.array([[0.9, 0.1], [0.3, 0.7]])) == pytest.approx([0.75, 0.25])


def test_draws_have_the_frequencies_of_the_model(source):
    drawn = source.sample(211, 900, np.random.default_rng(11))
    assert np.bincount(drawn.ravel(), minlength=5) / drawn.size == pytest.approx(source.symbol_shares, abs=0.01)
    pairs = np.zeros((5, 5))
    np.add.at(pairs, (drawn[:-1].ravel(), drawn[1:].ravel()), 1.0)
    joint = (source.emission.T * source.start) @ source.transition @ source.emission
    assert pairs / pairs.sum() == pytest.approx(joint, abs=0.01)


def test_without_memory_the_best_loss_is_the_entropy():
    shares = np.array([0.5, 0.25, 0.125, 0.125])
    coin = HiddenMarkov(np.array([0.5, 0.5]), np.full((2, 2), 0.5), np.tile(shares, (2, 1)))
    drawn = coin.sample(307, 500, np.random.default_rng(3))
    assert coin.nats_per_symbol(drawn) == pytest.approx(1.75 * np.log(2), abs=0.01)
