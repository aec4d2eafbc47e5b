"""Two tasks with one answer at the end: the order of two rare symbols, and a sign latched before noise.

Source: Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), experiments 6a and 3a; the latter after
Bengio, Simard and Frasconi 1994 (doi:10.1109/72.279181).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from gatework.studies.sources.sequences import Batch, SequenceTask, asked_at_end, one_hot

BEGIN, END, FIRST, NOISE, ORDER_SYMBOLS = 0, 1, 2, 4, 8
LATCHED = 3
NOISE_VARIANCE = 0.2


def draw_order(length: int, batch: int, random: np.random.Generator) -> Batch:
    """Noise of four symbols with an X or Y in the second tenth and one in the sixth: x (1.1 length + 1, batch, 8).

    A sequence has from ``length`` to 1.1 times as many symbols; its class is one of XX, XY, YX, YY.
    """
    most = length + length // 10
    symbols = random.integers(NOISE, ORDER_SYMBOLS, (most + 1, batch))
    columns, ends = np.arange(batch), random.integers(length, most + 1, batch) - 1
    two = random.integers(0, 2, (2, batch))
    for kind, tenth in zip(two, (1, 5), strict=True):
        places = random.integers(tenth * length // 10, (tenth + 1) * length // 10 + 1, batch)
        symbols[np.maximum(places, 1), columns] = FIRST + kind
    symbols[0], symbols[ends, columns] = BEGIN, END
    symbols[np.arange(most + 1)[:, None] > ends] = -1
    wanted = np.broadcast_to(2 * two[0] + two[1], symbols.shape)
    return Batch(one_hot(symbols, ORDER_SYMBOLS), torch.from_numpy(wanted.copy()), asked_at_end(ends, most + 1))


def draw_latch(length: int, batch: int, random: np.random.Generator) -> Batch:
    """Three times 1 or three times -1, then Gaussian noise of variance 0.2: x (length, batch, 1)."""
    x = random.normal(0, math.sqrt(NOISE_VARIANCE), (length, batch))
    classes = random.integers(0, 2, batch)
    x[:LATCHED] = 2 * classes - 1
    wanted = np.broadcast_to(classes, x.shape)
    return Batch(
        torch.from_numpy(x).float().unsqueeze(-1),
        torch.from_numpy(wanted.copy()),
        asked_at_end(np.full(batch, length - 1), length),
    )


TEMPORAL_ORDER = SequenceTask("temporal order", ORDER_SYMBOLS, 4, "class", draw_order, lambda length: math.log(4))
LATCHED_NOISE = SequenceTask("latched noise", 1, 2, "class", draw_latch, lambda length: math.log(2))
