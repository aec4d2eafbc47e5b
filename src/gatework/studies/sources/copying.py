"""Copy memory: ten symbols are read, kept over blanks, and written down after a sign.

Source: Hochreiter and Schmidhuber 1997; in the form of Arjovsky, Shah and Bengio 2016 (arXiv:1511.06464).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from gatework.studies.sources.sequences import Batch, SequenceTask, one_hot

SYMBOLS, KEPT = 8, 10
BLANK, SIGN = SYMBOLS, SYMBOLS + 1


def draw(length: int, batch: int, random: np.random.Generator) -> Batch:
    """Ten symbols, length - 1 blanks, the sign, ten blanks: x (length + 20, batch, 10); all steps are asked."""
    time = length + 2 * KEPT
    symbols = random.integers(0, SYMBOLS, (KEPT, batch))
    read = np.full((time, batch), BLANK)
    read[:KEPT], read[KEPT + length - 1] = symbols, SIGN
    wanted = np.full((time, batch), BLANK)
    wanted[-KEPT:] = symbols
    return Batch(one_hot(read, SYMBOLS + 2), torch.from_numpy(wanted), torch.ones(time, batch, dtype=torch.bool))


def baseline(length: int) -> float:
    """Blanks where they belong, and a guess at each of the ten symbols."""
    return KEPT * math.log(SYMBOLS) / (length + 2 * KEPT)


COPYING = SequenceTask("copying", SYMBOLS + 2, SYMBOLS + 1, "class", draw, baseline)
