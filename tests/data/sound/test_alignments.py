"""Alignments of labels, against all that there are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gatework.data.sound.alignments import collapsed, label_steps, steps_needed

S = 4


def labels_of(alignment: tuple[int, ...], blank: int) -> tuple[int, ...]:
    return tuple(symbol for symbol, _ in itertools.groupby(alignment) if symbol != blank)


@pytest.mark.parametrize("blank", [0, 2])
def test_collapsed_and_steps_needed(blank: int) -> None:
    shortest: dict[tuple[int, ...], int] = {}
    for length in range(5):
        for alignment in itertools.product(range(S), repeat=length):
            labels = labels_of(alignment, blank)
            assert tuple(collapsed(np.array(alignment, np.int64), blank).tolist()) == labels
            shortest.setdefault(labels, length)
    for labels, length in shortest.items():
        assert steps_needed(np.array(labels, np.int64)) == length


@pytest.mark.parametrize("blank", [0, 2])
def test_labels_stand_where_the_likeliest_alignment_has_them(blank: int) -> None:
    generator = np.random.default_rng(3)
    steps = 6
    for _ in range(4):
        scores = generator.standard_normal((steps, S)) * 2
        best: dict[tuple[int, ...], tuple[float, tuple[int, ...]]] = {}
        for alignment in itertools.product(range(S), repeat=steps):
            total = sum(scores[step, symbol] for step, symbol in enumerate(alignment))
            labels = labels_of(alignment, blank)
            best[labels] = max(best.get(labels, (-np.inf, ())), (total, alignment))
        for labels, (_, alignment) in best.items():
            places, step = [], 0
            for symbol, run in itertools.groupby(alignment):
                width = len(list(run))
                if symbol != blank:
                    places.append((step, step + width))
                step += width
            assert label_steps(scores, labels, blank) == places


def test_what_has_no_alignment() -> None:
    scores = np.zeros((3, S))
    with pytest.raises(ValueError, match="3 steps are too few for 3 labels"):
        label_steps(scores, [1, 1, 2])
    with pytest.raises(ValueError, match="must not contain blank, 1"):
        label_steps(scores, [1], blank=1)
    assert label_steps(scores, []) == []
    assert label_steps(np.zeros((0, S)), []) == []
