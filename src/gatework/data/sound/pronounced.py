"""Words read off phonemes: the sequence of words whose pronunciations are nearest to what was heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gatework.data.sound.lexicon import Pronunciation

A_WORD = 1e-6
"""What a word costs: of readings with equally many errors, that with the fewest words."""


class WordReader:
    """Finds words in phonemes by dynamic programming over all words at once, at each phoneme.

    A reading costs the replacements, insertions and deletions that make its words' pronunciations of the phonemes.
    Time and memory grow with phonemes times those of the whole lexicon.

    Args:
        pronunciations: from words to the ways to say each.

    Raises:
        ValueError: there are no words, or one has no phonemes.
    """

    def __init__(self, pronunciations: Mapping[str, Sequence[Pronunciation]]) -> None:
        ways = [(word, way) for word, said in pronunciations.items() for way in said]
        if not ways or not all(way for _, way in ways):
            raise ValueError("the words need phonemes")
        self.words = [word for word, _ in ways]
        self._lengths = np.array([len(way) for _, way in ways])
        self._ids: dict[str, int] = {}
        self._ways = np.full((len(ways), int(self._lengths.max())), -1)
        for row, (_, way) in enumerate(ways):
            self._ways[row, : len(way)] = [self._ids.setdefault(phoneme, len(self._ids)) for phoneme in way]

    def read(self, phonemes: Sequence[str]) -> list[str]:
        """Return the words that the phonemes are nearest to."""
        if not phonemes:
            return []
        every = np.arange(len(self._lengths))
        columns = np.arange(self._ways.shape[1] + 1)
        # cost (words, phonemes of the word read so far), and the place where that word began
        cost = np.broadcast_to(columns, (len(every), len(columns))).astype(np.float64)
        begun = np.zeros(cost.shape, np.int64)
        ends: list[tuple[float, int, int]] = [(0.0, -1, 0)]  # at each place: cost, last word, where it began
        for place, phoneme in enumerate(phonemes, 1):
            cost, begun = self._heard(cost, begun, self._ids.get(phoneme, -2))
            whole = cost[every, self._lengths] + A_WORD
            word = int(whole.argmin())
            ends.append((float(whole[word]), word, int(begun[word, self._lengths[word]])))
            cost, begun = _entered(cost, begun, ends[-1][0], place)
        found = []
        place = len(phonemes)
        while place > 0:
            _, word, place = ends[place]
            found.append(self.words[word])
        return found[::-1]

    def _heard(self, cost: np.ndarray, begun: np.ndarray, phoneme: int) -> tuple[np.ndarray, np.ndarray]:
        """After one phoneme more: it is one of the word's, instead of one, or too many."""
        said = cost[:, :-1] + (self._ways != phoneme)
        extra = cost + 1
        better = said < extra[:, 1:]
        new = np.concatenate([extra[:, :1], np.where(better, said, extra[:, 1:])], axis=1)
        return _missed(new, np.concatenate([begun[:, :1], np.where(better, begun[:, :-1], begun[:, 1:])], axis=1))


def _entered(cost: np.ndarray, begun: np.ndarray, end: float, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Let all words begin at a place where another one has ended."""
    cost, begun = cost.copy(), begun.copy()
    better = end < cost[:, 0]
    cost[better, 0], begun[better, 0] = end, place
    return _missed(cost, begun)


def _missed(cost: np.ndarray, begun: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let phonemes of a word be missing."""
    for column in range(1, cost.shape[1]):
        missed = cost[:, column - 1] + 1
        better = missed < cost[:, column]
        cost[:, column] = np.where(better, missed, cost[:, column])
        begun[:, column] = np.where(better, begun[:, column - 1], begun[:, column])
    return cost, begun
