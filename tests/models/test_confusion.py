"""Counts of what is taken for what, against counting one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gatework.models.confusion import Confusion, count_pairs

MEANT = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 0, 1])
ANSWERED = np.array([0, 1, 0, 1, 2, 2, 2, 0, 1, 1, 1])


def of(names: list[str], meant: np.ndarray, answered: np.ndarray) -> Confusion:
    return Confusion.of(names, count_pairs(meant, answered))


def test_pairs_of_many_classes_are_added_up() -> None:
    draw = np.random.default_rng(7)
    batches = [(draw.integers(-1, 11, size), draw.integers(0, 12, size)) for size in (5, 17, 1, 290)]
    totals: Counter[str] = Counter()
    for meant, answered in batches:
        totals.update(count_pairs(meant, answered))
    wanted = np.zeros((12, 12), np.int64)
    for meant, answered in batches:
        np.add.at(wanted, (meant, answered), 1)
    found = Confusion.of([str(number) for number in range(12)], {**totals, "loss": 3.0, "right 1": 2.0})
    np.testing.assert_array_equal(found.matrix, wanted)
    assert found.accuracy == np.trace(wanted) / 313
    assert len(totals) == np.count_nonzero(wanted)  # none for what does not occur


def test_figures_of_each_class() -> None:
    found = of(["a", "b", "c"], MEANT, ANSWERED)
    for number in range(3):
        hits = sum(1 for m, a in zip(MEANT, ANSWERED, strict=True) if m == a == number)
        precision, recall = hits / list(ANSWERED).count(number), hits / list(MEANT).count(number)
        assert found.precision[number] == precision
        assert found.recall[number] == recall
        np.testing.assert_allclose(found.f1[number], 2 * precision * recall / (precision + recall))
    assert found.support.tolist() == [4, 3, 4]
    assert found.mistakes(2) == [("a", "b", 2), ("b", "c", 1)]


def test_classes_that_do_not_occur() -> None:
    found = of(["a", "b", "unseen", "never right"], np.array([0, 1, 3]), np.array([0, 0, 1]))
    assert np.isnan(found.f1[2])
    assert np.isnan([found.recall[2], found.precision[2], found.precision[3]]).all()
    assert (found.f1[1], found.f1[3], found.recall[3]) == (0, 0, 0)
    assert found.lines()[3].split() == ["unseen", "-", "-", "-", "0"]
    assert found.lines()[1].split() == ["a", "0.500", "1.000", "0.667", "1"]
    assert len(of(["a", "b"], np.array([0]), np.array([0])).mistakes(3)) == 0
