"""Sequences that a known hidden Markov model makes, and how probable it finds any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Symbols = NDArray[np.int64]


@dataclass(frozen=True)
class HiddenMarkov:
    """A chain of hidden states, each of which emits a symbol.

    Attributes:
        start: (states,) how probable each is at first.
        transition: (states, states) from each to each.
        emission: (states, symbols) of each symbol in each state.
    """

    start: Floats
    transition: Floats
    emission: Floats

    @classmethod
    def drawn(cls, states: int, symbols: int, seed: int, concentration: float = 0.3) -> Self:
        """A random one, stationary from its start; rows are Dirichlet, the sharper the lower the concentration."""
        random = np.random.default_rng([states, symbols, seed])
        transition = random.dirichlet(np.full(states, concentration), states)
        emission = random.dirichlet(np.full(symbols, concentration), states)
        return cls(stationary(transition), transition, emission)

    @property
    def symbol_shares(self) -> Floats:
        """(symbols,) how often each comes, where the start is stationary."""
        return self.start @ self.emission

    def sample(self, length: int, sequences: int, random: np.random.Generator) -> Symbols:
        """Symbols as (length, sequences)."""
        states = _draw(np.tile(self.start, (sequences, 1)), random)
        drawn = np.empty((length, sequences), np.int64)
        for time in range(length):
            drawn[time] = _draw(self.emission[states], random)
            states = _draw(self.transition[states], random)
        return drawn

    def log_likelihood(self, symbols: Symbols) -> Floats:
        """The logarithm of each sequence's probability, (sequences,), of symbols (length, sequences).

        By the forward algorithm, its probabilities scaled to 1 at each step (Rabiner 1989).
        """
        total = np.zeros(symbols.shape[1])
        belief = np.tile(self.start, (symbols.shape[1], 1))
        for now in symbols:
            joint = belief * self.emission[:, now].T
            scale = joint.sum(axis=1)
            total += np.log(scale)
            belief = joint / scale[:, None] @ self.transition
        return total

    def nats_per_symbol(self, symbols: Symbols) -> float:
        """The mean loss of the best possible prediction: that of this model itself."""
        return float(-self.log_likelihood(symbols).sum() / symbols.size)


def stationary(transition: Floats) -> Floats:
    """The distribution over states that a transition leaves as it is; there must be one only."""
    states = len(transition)
    equations = np.vstack([transition.T - np.eye(states), np.ones(states)])
    found = np.linalg.lstsq(equations, np.append(np.zeros(states), 1.0), rcond=None)[0]
    return np.clip(found, 0.0, None) / np.clip(found, 0.0, None).sum()


def _draw(chances: Floats, random: np.random.Generator) -> Symbols:
    """One draw from each row."""
    steps = chances.cumsum(axis=1)
    return (random.random((len(chances), 1)) * steps[:, -1:] >= steps).sum(axis=1)
