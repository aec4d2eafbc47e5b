"""A decoder whose predictions are drawn anew for every text: nothing can be guessed, all can be enumerated."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatework.generation import BeamOptions, Step

END, SOURCE = 0, 5


class Table:
    """Log-probabilities and attention are random, and always the same for one source and one text so far.

    Args:
        symbols: how many, the end (0) included.
        attends: whether steps tell an attention.
        peaked: how sharp the predictions are.
        lengths: real source steps of each source, for the attention; all ``SOURCE`` where none are given.
    """

    def __init__(self, symbols: int, *, attends: bool = False, peaked: float = 1.0, lengths: Any = None) -> None:
        self.symbols, self.attends, self.peaked, self.lengths = symbols, attends, peaked, lengths
        self.steps = 0

    def predict(self, source: int, text: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        draw = np.random.default_rng([source, len(text), *text])
        logits = self.peaked * draw.normal(size=self.symbols)
        looks = np.exp(2 * draw.normal(size=SOURCE))
        if self.lengths is not None:
            looks[self.lengths[source] :] = 0
        return logits - np.log(np.exp(logits).sum()), looks / looks.sum()

    def step(self, tokens: Tensor, state: list[tuple[int, tuple[int, ...]]]) -> Step:
        self.steps += 1
        read = [(source, (*text, token)) for (source, text), token in zip(state, tokens.tolist(), strict=True)]
        found = [self.predict(source, text[1:]) for source, text in read]
        probabilities, looks = (torch.from_numpy(np.stack(part)) for part in zip(*found, strict=True))
        return Step(probabilities, read, looks if self.attends else None)

    def select(self, state: list[Any], rows: Tensor) -> list[Any]:
        return [state[row] for row in rows.tolist()]

    def start(self, sources: int) -> tuple[Tensor, list[Any]]:
        return torch.full((sources,), self.symbols - 1), [(source, ()) for source in range(sources)]


def allowed(options: BeamOptions, text: tuple[int, ...], symbol: int, limit: int) -> bool:
    """Whether the options let this symbol follow."""
    if symbol == END:
        return len(text) >= options.minimum_length
    n = options.block_ngrams
    if len(text) == limit:
        return False
    if n is None:
        return True
    longer = (*text, symbol)
    grams = [longer[place : place + n] for place in range(len(longer) - n + 1)]
    return len(grams) == 0 or grams[-1] not in grams[:-1]


def score(options: BeamOptions, total: float, looks: list[np.ndarray], real: int | None) -> float:
    """Wu et al. 2016, equation 14."""
    result = total / ((5 + len(looks)) ** options.length_penalty / (5 + 1) ** options.length_penalty)
    if options.coverage_penalty:
        covered = sum(looks)[:real]
        result += options.coverage_penalty * sum(math.log(min(p, 1)) for p in covered)
    return result


def every_text(table: Table, source: int, options: BeamOptions, limit: int) -> list[tuple[float, list[int]]]:
    """All texts up to the limit, best first."""
    real = None if table.lengths is None else table.lengths[source]
    found = []
    for length in range(limit + 1):
        for text in itertools.product(range(1, table.symbols), repeat=length):
            whole = (*text, END)
            if not all(allowed(options, text[:place], whole[place], limit) for place in range(length + 1)):
                continue
            steps = [table.predict(source, text[:place]) for place in range(length + 1)]
            total = sum(step[0][symbol] for step, symbol in zip(steps, whole, strict=True))
            found.append((score(options, total, [step[1] for step in steps], real), list(text)))
    return sorted(found, reverse=True)


def plain_beam(table: Table, source: int, options: BeamOptions, limit: int) -> list[tuple[float, list[int]]]:
    """The search of ``beam_search`` for one source, in lists and without stopping early."""
    real = None if table.lengths is None else table.lengths[source]
    found, live, places = [], [(0.0, (), [])], options.width
    while live and places:
        longer = []
        for total, text, looks in live:
            probabilities, look = table.predict(source, text)
            longer += [
                (total + probabilities[symbol], (*text, symbol), [*looks, look])
                for symbol in range(table.symbols)
                if allowed(options, text, symbol, limit)
            ]
        longer = sorted(longer, key=lambda one: -one[0])[:places]
        ended = [one for one in longer if one[1][-1] == END]
        live = [one for one in longer if one[1][-1] != END]
        places -= len(ended)
        found += [(score(options, total, looks, real), list(text[:-1])) for total, text, looks in ended]
    return sorted(found, reverse=True)[: options.n_best]
