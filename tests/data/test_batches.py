"""Batches: each example once a pass, of like length, in another order each time, the same for the same seed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.batches import Buckets

LENGTHS = st.lists(st.integers(0, 60), min_size=1, max_size=70)


@given(LENGTHS, st.integers(1, 9), st.none() | st.integers(1, 90), st.integers(0, 5))
def test_each_example_comes_once_a_pass(lengths: list[int], batch: int, limit: int | None, epoch: int) -> None:
    buckets = Buckets(lengths, batch=batch, batch_steps=limit, seed=3)
    for batches in (buckets.of(epoch), buckets.ordered()):
        assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
        for indices in batches:
            assert 1 <= len(indices) <= batch
            longest = max(lengths[index] for index in indices)
            assert limit is None or len(indices) == 1 or longest * len(indices) <= limit


@given(LENGTHS, st.integers(1, 9), st.integers(1, 90))
def test_a_limit_in_steps_is_used_up(lengths: list[int], batch: int, limit: int) -> None:
    """No batch in order of length could have taken the next example too."""
    batches = Buckets(lengths, batch=batch, batch_steps=limit).ordered()
    for indices, following in itertools.pairwise(batches):
        grown = max(lengths[index] for index in [*indices, following[0]]) * (len(indices) + 1)
        assert len(indices) == batch or grown > limit


def test_passes_differ_and_repeat() -> None:
    lengths = [3, 5, 7, 11, 13] * 11

    def order(seed: int, epoch: int) -> list[list[int]]:
        return [batch.tolist() for batch in Buckets(lengths, batch=4, seed=seed).of(epoch)]

    assert order(1, 0) == order(1, 0) != order(1, 1)
    assert order(2, 0) != order(1, 0)
    buckets = Buckets(lengths, batch=4, seed=1)
    assert [batch.tolist() for batch in buckets.of(1)] == order(1, 1)
    assert [batch.tolist() for batch in buckets.of(0)] == order(1, 0)  # also when asked for again


def test_little_is_padding() -> None:
    lengths = np.random.default_rng(7).integers(10, 100, 500)
    buckets = Buckets(lengths.tolist(), batch=20)
    shuffled = np.random.default_rng(0).permutation(lengths).reshape(-1, 20)
    assert buckets.waste() < 0.15 < 1 - lengths.sum() / (shuffled.max(1) * 20).sum()
    assert Buckets([4, 4, 4], batch=2).waste() == 0
    assert Buckets([1, 3], batch=2).waste() == pytest.approx(1 / 3)
