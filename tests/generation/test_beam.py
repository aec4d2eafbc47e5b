"""Beam search against all texts that there are, and against a plain search that never stops early."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from tables import END, SOURCE, Table, every_text, plain_beam

from gatework.errors import DivergedError, InputError
from gatework.generation import BeamOptions, Step, beam_search

OPTIONS = some.builds(
    lambda width, best, least, **options: BeamOptions(
        width=width, n_best=min(best, width), minimum_length=min(least, 5), maximum_length=5, **options
    ),
    some.integers(1, 7),
    some.integers(1, 7),
    some.integers(0, 2),
    length_penalty=some.sampled_from([0.0, 0.6, 1.3]),
    coverage_penalty=some.sampled_from([0.0, 0.4]),
    block_ngrams=some.sampled_from([None, None, 1, 2, 3]),
)


def search(table: Table, sources: int, options: BeamOptions, **more):
    first, state = table.start(sources)
    return beam_search(table, first, state, end=END, options=options, **more)


def as_pairs(hypotheses):
    return [(pytest.approx(one.score, rel=1e-12), one.tokens) for one in hypotheses]


@pytest.mark.parametrize("block", [None, 1, 2])
@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.8, 0.0), (0.0, 0.3), (1.2, 0.5)])
def test_a_beam_for_all_texts_finds_them_all_in_order(alpha, beta, block):
    table = Table(4, attends=True)
    options = BeamOptions(
        width=40, n_best=40, length_penalty=alpha, coverage_penalty=beta, block_ngrams=block, maximum_length=3
    )
    for source, hypotheses in enumerate(search(table, 2, options)):
        expected = every_text(table, source, options, 3)
        assert len(expected) == {None: 40, 1: 16, 2: 40 - 3}[block]
        assert as_pairs(hypotheses) == expected
        assert all(one.finished for one in hypotheses)


@given(options=OPTIONS, symbols=some.integers(2, 5), peaked=some.sampled_from([0.3, 1.5, 4.0]))
def test_several_sources_equal_a_plain_search_of_each(options, symbols, peaked):
    table = Table(symbols, attends=True, peaked=peaked, lengths=[3, 5, 1])
    limits = torch.tensor([5, 2, 4])
    found = search(table, 3, options, limits=limits, source_lengths=torch.tensor(table.lengths))
    for source, hypotheses in enumerate(found):
        expected = plain_beam(table, source, options, int(limits[source]))
        if expected:
            assert as_pairs(hypotheses) == expected
        else:  # blocked before it may end: given as far as it came
            assert hypotheses
            assert not any(one.finished for one in hypotheses)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_width_1_is_greedy(alpha):
    table = Table(7)
    options = BeamOptions(width=1, length_penalty=alpha, maximum_length=11)
    for source, (found,) in enumerate(search(table, 13, options)):
        text, total = (), 0.0
        while len(text) <= 11:
            probabilities, _ = table.predict(source, text)
            symbol = int(probabilities.argmax()) if len(text) < 11 else END
            total += probabilities[symbol]
            if symbol == END:
                break
            text = (*text, symbol)
        assert tuple(found.tokens) == text
        assert found.log_probability == pytest.approx(total)


def test_without_an_end_all_texts_have_the_whole_length():
    table = Table(3)
    first, state = table.start(1)
    options = BeamOptions(width=27, n_best=27, maximum_length=3)
    (found,) = beam_search(table, first, state, end=None, options=options)
    assert len({tuple(one.tokens) for one in found}) == 27
    for one in found:
        text = tuple(one.tokens)
        total = sum(table.predict(0, text[:place])[0][symbol] for place, symbol in enumerate(text))
        assert (one.score, one.finished) == (pytest.approx(total), False)
    assert sum(math.exp(one.log_probability) for one in found) == pytest.approx(1)


def test_the_attention_is_that_of_each_symbol():
    table = Table(5, attends=True, lengths=[3, 5])
    options = BeamOptions(width=4, n_best=4, length_penalty=1.0)
    for source, hypotheses in enumerate(search(table, 2, options, source_lengths=torch.tensor([3, 5]))):
        for one in hypotheses:
            looks = [table.predict(source, tuple(one.tokens[:place]))[1] for place in range(len(one.tokens))]
            expected = np.reshape(looks, (-1, SOURCE))[:, : table.lengths[source]]
            np.testing.assert_allclose(one.attention, expected)


def test_it_stops_once_nothing_better_can_come():
    sure = Table(6, peaked=9.0)
    ((found,),) = [search(sure, 1, BeamOptions(width=5, maximum_length=60))]
    assert sure.steps < 30
    patient = Table(6, peaked=9.0)
    search(patient, 1, BeamOptions(width=5, n_best=5, maximum_length=60))
    assert sure.steps < patient.steps
    assert found[0].tokens == plain_beam(sure, 0, BeamOptions(width=5, maximum_length=60), 60)[0][1]


class Blind:
    """Always predicts the same."""

    def __init__(self, log_probabilities) -> None:
        self.log_probabilities = torch.tensor(log_probabilities)

    def step(self, tokens, state):
        return Step(self.log_probabilities.expand(len(tokens), -1), None)

    def select(self, state, rows):
        return None


def test_a_dead_end_is_given_as_far_as_it_came():
    blind = Blind([-math.inf, math.log(0.5), math.log(0.5)])
    (found,) = beam_search(blind, torch.zeros(1, dtype=torch.int64), None, end=0, options=BeamOptions(block_ngrams=1))
    assert sorted(found[0].tokens) == [1, 2]
    assert (found[0].finished, found[0].log_probability) == (False, pytest.approx(2 * math.log(0.5)))


def test_what_is_no_number_is_said():
    with pytest.raises(DivergedError, match="the model's output is no number"):
        beam_search(Blind([math.nan, 0.0]), torch.zeros(1, dtype=torch.int64), None, end=0)


def test_what_does_not_fit_is_refused():
    first = torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ValueError, match="coverage_penalty needs a decoder whose steps tell their attention"):
        beam_search(Blind([-0.7, -0.7]), first, None, end=0, options=BeamOptions(coverage_penalty=0.2))
    with pytest.raises(ValueError, match=r"limits must be 2 numbers of at least 1, not \[3, 0\]"):
        beam_search(Blind([-0.7, -0.7]), first, None, end=0, limits=torch.tensor([3, 0]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width is 0: it must be at least 1"),
        ({"n_best": 6}, "n_best is 6: it must be from 1 to the width, 5"),
        ({"length_penalty": -0.1}, "length_penalty is -0.1: it must be 0 or larger, and finite"),
        ({"coverage_penalty": math.nan}, "coverage_penalty is nan"),
        ({"block_ngrams": 0}, "block_ngrams is 0"),
        ({"minimum_length": 7, "maximum_length": 5}, "minimum_length is 7: it must be from 0 to maximum_length, 5"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        BeamOptions(**options)
