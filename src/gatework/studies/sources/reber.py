"""The embedded Reber grammar: the last symbol but one repeats the second, with a string of Reber's between.

Source: Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), experiment 1; Reber 1967.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import torch

from gatework.studies.sources.sequences import Batch, SequenceTask, one_hot, padded

SYMBOLS = "BTPSXVE"
ARROWS: dict[int, dict[str, int]] = {
    0: {"B": 1},
    1: {"T": 2, "P": 3},
    2: {"S": 2, "X": 4},
    3: {"T": 3, "V": 5},
    4: {"X": 3, "S": 6},
    5: {"P": 4, "V": 6},
    6: {"E": 7},
}
END = 7


def reber_string(random: np.random.Generator) -> tuple[str, list[str]]:
    """A string of the grammar, each branch equally likely, and the symbols that were legal at each place."""
    node, text, legal = 0, "", []
    while node != END:
        legal.append("".join(ARROWS[node]))
        symbol = legal[-1][random.integers(len(legal[-1]))]
        text, node = text + symbol, ARROWS[node][symbol]
    return text, legal


def embedded_string(least: int, random: np.random.Generator) -> tuple[str, list[str]]:
    """A string of the embedded grammar whose inner one has at least so many symbols, and the legal ones."""
    inner, legal = reber_string(random)
    while len(inner) < least:
        inner, legal = reber_string(random)
    branch = "TP"[random.integers(2)]
    return f"B{branch}{inner}{branch}E", ["B", "TP", *legal, branch, "E"]


def draw(length: int, batch: int, random: np.random.Generator) -> Batch:
    """Strings with an inner one of at least ``length`` symbols; the next symbol is asked after each but the last."""
    texts, legal = zip(*(embedded_string(length, random) for _ in range(batch)), strict=True)
    numbers = padded([[SYMBOLS.index(symbol) for symbol in text] for text in texts])
    following = np.concatenate([numbers[1:], np.full((1, batch), -1)])
    sets = np.zeros((*numbers.shape, len(SYMBOLS)), dtype=bool)
    for column, places in enumerate(legal):
        for step, symbols in enumerate(places[1:]):
            sets[step, column, [SYMBOLS.index(symbol) for symbol in symbols]] = True
    asked = following >= 0
    x = one_hot(np.where(asked, numbers, -1), len(SYMBOLS))
    return Batch(x, torch.from_numpy(following), torch.from_numpy(asked), torch.from_numpy(sets))


@functools.cache
def baseline(length: int) -> float:
    """The loss of who knows the grammar but not the second symbol: it guesses at the last but one."""
    batch = draw(length, 4000, np.random.default_rng(1))
    assert batch.legal is not None  # of this grammar always
    choices = batch.legal.sum(-1)[batch.asked].float().log().sum().item()
    return (choices + batch.x.shape[1] * math.log(2)) / int(batch.asked.sum())


EMBEDDED_REBER = SequenceTask("embedded Reber", len(SYMBOLS), len(SYMBOLS), "class", draw, baseline)
