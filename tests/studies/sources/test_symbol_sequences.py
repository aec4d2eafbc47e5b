"""Parts of a text and of draws: nothing is in two of them, and each is as long as it should be."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.errors import InputError
from gatework.studies.sources.hidden_markov import HiddenMarkov
from gatework.studies.sources.symbol_sequences import known_sequences, text_sequences


def test_a_text_lies_side_by_side_in_its_order(tmp_path):
    (tmp_path / "a.txt").write_text("".join("abcdefg"[i % 7] for i in range(130)), encoding="utf-8")
    data = text_sequences(tmp_path / "a.txt", 100, 30, 3)
    assert (data.train.shape, data.validation.shape, data.test.shape) == ((30, 3), (3, 3), (10, 3))
    assert data.train.T.ravel().tolist() == [i % 7 for i in range(90)]
    assert data.validation[0, 0] == 90 % 7
    assert data.test[0, 0] == 100 % 7
    assert data.symbols == 7
    with pytest.raises(InputError, match="has 130 characters"):
        text_sequences(tmp_path / "a.txt", 110, 30, 3)


def test_draws_in_three_parts():
    data = known_sequences(HiddenMarkov.drawn(2, 3, 1), 11, 29, 5, seed=1)
    assert (data.train.shape, data.validation.shape, data.test.shape) == ((11, 27), (11, 2), (11, 5))


def test_the_loss_without_memory():
    data = known_sequences(HiddenMarkov.drawn(2, 3, 1, 1.0), 101, 90, 70, seed=1)
    shares = np.bincount(data.test.ravel(), minlength=3) / data.test.size
    assert data.unigram_nats() == pytest.approx(-(shares * np.log(shares)).sum(), abs=0.005)
