"""Languages that must be counted: a^n b^n, and a^n b^n c^n, which has no context-free grammar.

Source: Gers and Schmidhuber 2001 (doi:10.1109/72.963769). After each symbol the set of
symbols that may follow is wanted.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import torch

from gatework.studies.sources.sequences import Batch, SequenceTask, one_hot, padded


def counted(letters: int, counts: list[int]) -> Batch:
    """The words with these n of so many letters, each after a start: x (time, batch, letters + 1).

    Symbol 0 is the start, and as a member of the wanted set the end.
    """
    words = padded([[0] + [letter for letter in range(1, letters + 1) for _ in range(n)] for n in counts])
    following = np.concatenate([words[1:], np.full((1, len(counts)), -1)])
    here = words >= 0
    following[here & (following < 0)] = 0
    wanted = one_hot(np.where(here, following, -1), letters + 1)
    wanted[..., 1:3][torch.from_numpy(words == 1)] = 1.0
    return Batch(one_hot(words, letters + 1), wanted, torch.from_numpy(here))


def draw(letters: int, length: int, batch: int, random: np.random.Generator) -> Batch:
    """Words whose n is equally likely from 1 to ``length``."""
    return counted(letters, random.integers(1, length + 1, batch).tolist())


def baseline(letters: int, length: int) -> float:
    """The loss of who sees the symbol alone: the chance of each member after each symbol."""
    batch = counted(letters, list(range(1, length + 1)))
    total = 0.0
    for symbol in range(letters + 1):
        members = batch.wanted[batch.x[..., symbol] == 1].double()
        rates = members.mean(0).tolist()
        total += len(members) * sum(-p * math.log(p) for rate in rates for p in (rate, 1 - rate) if p)
    return total / (int(batch.asked.sum()) * (letters + 1))


def _task(name: str, letters: int) -> SequenceTask:
    return SequenceTask(
        name, letters + 1, letters + 1, "set", functools.partial(draw, letters), functools.partial(baseline, letters)
    )


COUNT_TWO = _task("a^n b^n", 2)
COUNT_THREE = _task("a^n b^n c^n", 3)
LETTERS = {COUNT_TWO.name: 2, COUNT_THREE.name: 3}
