"""Coins that depend on coins three and eight steps ago: the least losses are known, and each flip's chance too.

The task of R2RT, Recurrent Neural Networks in Tensorflow I (2016).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

NEAR, FAR = 3, 8


class Coins(NamedTuple):
    """Streams side by side.

    Attributes:
        x: fair coins (steps, batch, 1), each 0 or 1.
        y: the coins to be foretold (steps, batch, 1), each 0 or 1.
        chance: of y being 1, (steps, batch, 1).
    """

    x: Tensor
    y: Tensor
    chance: Tensor


def coins(steps: int, batch: int, random: np.random.Generator) -> Coins:
    """X fair, and Y with P(Y=1) = 0.5 + 0.5 where X[t-3] is 1, - 0.25 where X[t-8] is 1.

    The first steps depend on coins that were thrown before and are not shown.
    """
    x = random.integers(0, 2, (steps + FAR, batch, 1), dtype=np.int8).astype(np.float32)
    chance = 0.5 + 0.5 * x[FAR - NEAR : -NEAR] - 0.25 * x[:-FAR]
    y = random.random(chance.shape, dtype=np.float32) < chance
    return Coins(torch.from_numpy(x[FAR:]), torch.from_numpy(y.astype(np.float32)), torch.from_numpy(chance))


def floors() -> dict[str, float]:
    """The least cross-entropy, nats, of a model that knows neither, the near one, or both dependencies."""

    def entropy(chance: float) -> float:
        return -sum(p * math.log(p) for p in (chance, 1 - chance) if p)

    both = [entropy(chance) for chance in (0.5, 0.25, 1.0, 0.75)]
    near = [entropy(np.mean(pair).item()) for pair in ((0.5, 0.25), (1.0, 0.75))]
    return {"neither": entropy(0.625), "near": sum(near) / 2, "both": sum(both) / 4}


def expected_loss(logits: Tensor, chance: Tensor) -> float:
    """The cross-entropy, nats, that answers have on average over Y, of which the chance is known.

    The entropy of the coins shown is replaced by that of all coins, so that little luck is left in the figure.
    """
    surprise = F.binary_cross_entropy_with_logits(logits, chance) - F.binary_cross_entropy(chance, chance)
    return floors()["both"] + surprise.item()
