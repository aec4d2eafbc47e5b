"""Buffers are used again when free, and only then."""

from __future__ import annotations

import torch
from torch.utils import deterministic

from gatework.engine.workspace import take


def test_a_buffer_is_reused_once_nothing_refers_to_its_storage() -> None:
    shape = (1013, 1019)
    first = take(shape, torch.float32)
    address, part = first.data_ptr(), first[3:5]
    del first
    second = take(shape, torch.float32)
    assert second.data_ptr() != address  # a view still holds it
    del part
    third = take(shape, torch.float32)
    assert third.data_ptr() == address
    assert third.shape == shape


def test_under_deterministic_algorithms_nothing_is_reused() -> None:
    shape = (1033, 1039)
    take(shape, torch.float32).fill_(1)
    filled, deterministic.fill_uninitialized_memory = deterministic.fill_uninitialized_memory, True
    torch.use_deterministic_algorithms(True)
    try:
        assert take(shape, torch.float32).isnan().all()  # as PyTorch poisons fresh memory
    finally:
        torch.use_deterministic_algorithms(False)
        deterministic.fill_uninitialized_memory = filled


def test_another_type_is_another_buffer() -> None:
    address = take((1021, 1031), torch.float64).data_ptr()
    assert take((2, 1021, 1031), torch.float32).data_ptr() != address


def test_what_is_small_is_left_to_the_allocator() -> None:
    from gatework.engine import workspace

    before = len(workspace._pool)
    take((3, 5), torch.float32)
    assert len(workspace._pool) == before


def test_runs_at_once_do_not_share_a_buffer() -> None:
    from gatework.cells import LSTM
    from gatework.engine import run

    torch.manual_seed(0)
    cell, x, y = LSTM(64, 128), torch.randn(40, 32, 64), torch.randn(40, 32, 64)
    expected = torch.autograd.grad(run(cell, x).outputs.sum(), cell.i.U)[0]
    first = run(cell, x).outputs
    second = run(cell, y).outputs  # between the first's forward and backward
    found = torch.autograd.grad(first.sum(), cell.i.U)[0]
    assert torch.equal(found, expected)
    del second
