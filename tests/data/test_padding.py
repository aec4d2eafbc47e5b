"""Sequences side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatework.data.padding import Batch, is_real, padded


def test_rows_keep_their_steps_and_the_rest_is_filled() -> None:
    arrays = [np.arange(3), np.arange(5) + 10, np.arange(0)]
    block, lengths = padded(arrays, -1)
    assert lengths.tolist() == [3, 5, 0]
    assert block.T.tolist() == [[0, 1, 2, -1, -1], [10, 11, 12, 13, 14], [-1] * 5]
    assert is_real(lengths, 5).T.tolist() == (block.T != -1).tolist()
    vectors, _ = padded([np.ones((2, 7), np.float32), np.ones((3, 7), np.float32)])
    assert vectors.shape == (3, 2, 7)
    assert vectors.dtype == torch.float32
    assert vectors[2, 0].abs().sum() == 0


def test_a_batch_moves_all_its_tensors() -> None:
    @dataclass(frozen=True)
    class Named(Batch):
        x: Tensor
        names: list[str]

    moved = Named(torch.ones(2), ["a", "b"]).to(torch.device("meta"))
    assert moved.x.device.type == "meta"
    assert moved.names == ["a", "b"]
