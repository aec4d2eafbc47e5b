"""Timing: how long ago a spike came, and when the next one is due.

Source: Gers, Schraudolph and Schmidhuber 2002 (JMLR 3, 115-143): measuring spike delays and generating timed spikes.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from gatework.studies.sources.sequences import Batch, SequenceTask

SPIKES, PERIODS = 5, 5
UNIT = 10


def spread_of(length: int) -> int:
    """How much longer than ``length`` the longest interval is."""
    return max(2, length // 2)


def draw_delays(length: int, batch: int, random: np.random.Generator) -> Batch:
    """Five spikes; wanted at each but the first: by how many tens of steps the interval before exceeds ``length``.

    Intervals are equally likely from ``length`` to half as much more. x (time, batch, 1).
    """
    spread = spread_of(length)
    intervals = random.integers(0, spread + 1, (SPIKES - 1, batch))
    places = np.concatenate([np.zeros((1, batch), int), np.cumsum(intervals + length, 0)])
    time = (length + spread) * (SPIKES - 1) + 1
    x, wanted = np.zeros((time, batch)), np.zeros((time, batch))
    columns = np.broadcast_to(np.arange(batch), places.shape)
    x[places, columns] = 1
    wanted[places[1:], columns[1:]] = intervals / UNIT
    asked = x.astype(bool)
    asked[0] = False
    return Batch(_column(x), _column(wanted), torch.from_numpy(asked))


def delay_variance(length: int) -> float:
    """The variance of the intervals, equally likely, in tens of steps."""
    spread = spread_of(length)
    return ((spread + 1) ** 2 - 1) / 12 / UNIT**2


def draw_spikes(length: int, batch: int, random: np.random.Generator) -> Batch:
    """Spikes of one period a sequence; from the second on, whether the next step has one is wanted.

    Periods are equally likely from ``length`` to half as much more, x is (5 * the longest, batch, 1).
    """
    spread = spread_of(length)
    periods = length + random.integers(0, spread + 1, batch)
    steps = np.arange(PERIODS * (length + spread))[:, None]
    return Batch(_column(steps % periods == 0), _column((steps + 1) % periods == 0), torch.from_numpy(steps >= periods))


def rate_entropy(length: int) -> float:
    """The loss of a constant chance of a spike, over all periods."""
    spread = spread_of(length)
    time = PERIODS * (length + spread)
    periods = range(length, length + spread + 1)
    spikes = sum(time // period - 1 for period in periods)
    rate = spikes / sum(time - period for period in periods)
    return -rate * math.log(rate) - (1 - rate) * math.log(1 - rate)


def _column(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32)).unsqueeze(-1)


SPIKE_DELAYS = SequenceTask("spike delays", 1, 1, "number", draw_delays, delay_variance, tolerance=0.5 / UNIT)
TIMED_SPIKES = SequenceTask("timed spikes", 1, 1, "set", draw_spikes, rate_entropy)
