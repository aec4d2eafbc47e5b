"""Counts of what is taken for what, against counting one by one."""

from __future__ import annotations

import numpy as np

from gatework.models.confusion import Confusion

MEANT = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 0, 1])
ANSWERED = np.array([0, 1, 0, 1, 2, 2, 2, 0, 1, 1, 1])


def test_figures_of_each_class() -> None:
    found = Confusion.of(["a", "b", "c"], MEANT, ANSWERED)
    for number in range(3):
        hits = sum(1 for m, a in zip(MEANT, ANSWERED, strict=True) if m == a == number)
        precision, recall = hits / list(ANSWERED).count(number), hits / list(MEANT).count(number)
        assert found.precision[number] == precision
        assert found.recall[number] == recall
        np.testing.assert_allclose(found.f1[number], 2 * precision * recall / (precision + recall))
    assert found.support.tolist() == [4, 3, 4]
    assert found.mistakes(2) == [("a", "b", 2), ("b", "c", 1)]


def test_classes_that_do_not_occur() -> None:
    found = Confusion.of(["a", "b", "unseen", "never right"], np.array([0, 1, 3]), np.array([0, 0, 1]))
    assert np.isnan(found.f1[2])
    assert np.isnan([found.recall[2], found.precision[2], found.precision[3]]).all()
    assert (found.f1[1], found.f1[3], found.recall[3]) == (0, 0, 0)
    assert found.lines()[3].split() == ["unseen", "-", "-", "-", "0"]
    assert found.lines()[1].split() == ["a", "0.500", "1.000", "0.667", "1"]
    assert len(Confusion.of(["a", "b"], np.array([0]), np.array([0])).mistakes(3)) == 0
