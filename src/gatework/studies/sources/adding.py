"""The adding problem: two of many numbers are marked, their sum is wanted at the end.

Source: Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), in the form of Le, Jaitly and Hinton 2015
(arXiv:1504.00941): numbers from 0 to 1, one mark in each half.
"""

from __future__ import annotations

import numpy as np
import torch

from gatework.studies.sources.sequences import Batch, SequenceTask, asked_at_end

PUBLISHED_BASELINE = 0.1767
"""What the literature repeats as the error of the answer 1; the variance of the sum of two uniform numbers is 1/6."""


def draw(length: int, batch: int, random: np.random.Generator) -> Batch:
    """Sequences of so many numbers, each with its mark: x (length, batch, 2)."""
    numbers, marks = random.random((length, batch)), np.zeros((length, batch))
    half = length // 2
    columns = np.arange(batch)
    marks[random.integers(0, half, batch), columns] = 1
    marks[random.integers(half, length, batch), columns] = 1
    wanted = np.broadcast_to((numbers * marks).sum(0), (length, batch))
    return Batch(
        torch.from_numpy(np.stack([numbers, marks], -1)).float(),
        torch.from_numpy(wanted.copy()).float().unsqueeze(-1),
        asked_at_end(np.full(batch, length - 1), length),
    )


def baseline(length: int) -> float:
    """The variance of a sum of two numbers from 0 to 1."""
    return 1 / 6


ADDING = SequenceTask("adding", 2, 1, "number", draw, baseline, tolerance=0.04)
