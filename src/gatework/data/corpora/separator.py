"""Where documents end: a separator's tokens, found in a sequence that comes in pieces."""

from __future__ import annotations

import numpy as np


class SeparatorFinder:
    """Finds a separator in the tokens of one document, from left to right, no two overlapping.

    Args:
        separator: (length,) its ids, at least one.

    Attributes:
        ended: whether the last token so far is the last of a separator.
    """

    def __init__(self, separator: np.ndarray) -> None:
        self._separator = separator
        self._tail = separator[:0]  # the tokens before this piece that may begin a separator
        self.ended = False

    def feed(self, ids: np.ndarray) -> np.ndarray:
        """Return the positions in ``ids``, not empty, of each separator's last token, int64, rising."""
        length = len(self._separator)
        tokens = np.concatenate([self._tail, ids]).astype(np.int64)
        places = max(0, len(tokens) - length + 1)
        matches = np.ones(places, bool)
        for offset, symbol in enumerate(self._separator):
            matches &= tokens[offset : offset + places] == symbol
        firsts = _apart(np.flatnonzero(matches), length)
        end = int(firsts[-1]) + length if len(firsts) else 0
        lasts = firsts + (length - 1) - len(self._tail)
        self.ended = 0 < end == len(tokens)
        self._tail = tokens[max(end, len(tokens) - length + 1) :]
        return lasts


def _apart(positions: np.ndarray, length: int) -> np.ndarray:
    """Keep, from the left, the positions at least ``length`` from the last kept one."""
    if len(positions) < 2 or int(np.diff(positions).min()) >= length:
        return positions
    kept: list[int] = []
    for position in positions.tolist():
        if not kept or position - kept[-1] >= length:
            kept.append(position)
    return np.array(kept, np.int64)
