"""Where a window is cut for kernels that know neither lengths nor resets."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatework.engine.segments import pad_rows, replace_rows, segments

T = 7


def resets_at(*places: tuple[int, int], batch: int = 3) -> torch.Tensor:
    resets = torch.zeros(T, batch, dtype=torch.bool)
    for step, row in places:
        resets[step, row] = True
    return resets


@pytest.mark.parametrize(
    ("lengths", "resets", "cuts"),
    [
        (None, None, [(0, 7, None, False)]),
        (None, resets_at(), [(0, 7, None, False)]),
        (None, resets_at((0, 1)), [(0, 7, None, True)]),
        (None, resets_at((3, 0), (3, 2)), [(0, 3, None, False), (3, 7, None, True)]),
        ([7, 7, 7], None, [(0, 7, None, False)]),
        ([7, 2, 5], None, [(0, 2, None, False), (2, 5, [0, 2], False), (5, 7, [0], False)]),
        ([5, 5, 5], None, [(0, 5, None, False)]),
        ([0, 4, 0], None, [(0, 4, [1], False)]),
        ([0, 0, 0], None, []),
        (
            [7, 2, 5],
            resets_at((2, 0), (4, 2), (6, 0)),
            [(0, 2, None, False), (2, 4, [0, 2], True), (4, 5, [0, 2], True), (5, 6, [0], False), (6, 7, [0], True)],
        ),
        ([3, 3, 3], resets_at((6, 0)), [(0, 3, None, False)]),
    ],
)
def test_exact_cuts(lengths, resets, cuts):
    found = segments(T, None if lengths is None else torch.tensor(lengths), resets)
    rows = [None if s.rows is None else s.rows.tolist() for s in found]
    assert [(s.start, s.stop, r, s.resets) for s, r in zip(found, rows, strict=True)] == cuts


@given(st.lists(st.integers(0, T), min_size=1, max_size=5), st.sets(st.integers(0, T - 1)))
def test_segments_cover_each_living_step_once(lengths, steps):
    resets = resets_at(*((step, 0) for step in steps), batch=len(lengths))
    covered = torch.zeros(T, len(lengths), dtype=torch.int64)
    for segment in segments(T, torch.tensor(lengths), resets):
        rows = range(len(lengths)) if segment.rows is None else segment.rows.tolist()
        covered[segment.start : segment.stop, rows] += 1
        assert not steps & set(range(segment.start + 1, segment.stop))
        assert segment.resets == (segment.start in steps)
    assert torch.equal(covered, (torch.arange(T)[:, None] < torch.tensor(lengths)).long())


def test_rows_are_spread_and_replaced():
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    rows = torch.tensor([2, 0])
    assert pad_rows(values, rows, 3, dim=0).tolist() == [[3, 4], [0, 0], [1, 2]]
    assert pad_rows(values, rows, 3, dim=1).tolist() == [[2, 0, 1], [4, 0, 3]]
    assert replace_rows(torch.full((3, 2), 9.0), rows, values).tolist() == [[3, 4], [9, 9], [1, 2]]
    assert pad_rows(values, None, 2, dim=0) is values
    assert replace_rows(torch.zeros(2, 2), None, values) is values
