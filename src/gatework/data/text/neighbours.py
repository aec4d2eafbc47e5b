"""The words whose vectors point the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gatework.errors import InputError

if TYPE_CHECKING:
    import numpy as np


class Neighbour(NamedTuple):
    """A word and the cosine of its angle to what was asked for, from -1 to 1."""

    word: str
    cosine: float


def nearest(words: Sequence[str], vectors: np.ndarray, query: str | np.ndarray, count: int = 10) -> list[Neighbour]:
    """Find the words that lie nearest by cosine, the nearest first; equally near ones in the order given.

    Args:
        words: what the vectors belong to.
        vectors: (words, dimension).
        query: one of the words, which is then left out of the answer, or a vector (dimension,).
        count: how many at the most.

    Raises:
        InputError: there is no such word, or its vector is zero and points nowhere.
        ValueError: shapes do not agree, or ``count`` is below 1.
    """
    import numpy as np

    if vectors.ndim != 2 or len(vectors) != len(words):
        raise ValueError(f"vectors: shape {vectors.shape}, expected ({len(words)}, dimension)")
    if count < 1:
        raise ValueError(f"count: {count}, expected 1 or more")
    left_out = _position(words, query) if isinstance(query, str) else None
    direction = np.asarray(query if left_out is None else vectors[left_out], np.float64)
    if direction.shape != vectors.shape[1:]:
        raise ValueError(f"query: shape {direction.shape}, expected {vectors.shape[1:]}")
    length = np.linalg.norm(direction)
    if not length:
        raise InputError(f"the vector of {query!r} is zero and points nowhere", "ask for another word")
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = (vectors @ (direction / length).astype(vectors.dtype)) / np.where(lengths, lengths, 1)
    cosines[lengths == 0] = -np.inf
    if left_out is not None:
        cosines[left_out] = -np.inf
    order = np.argsort(-cosines, kind="stable")[:count]
    return [Neighbour(words[place], float(cosines[place])) for place in order if np.isfinite(cosines[place])]


def _position(words: Sequence[str], query: str) -> int:
    if query in words:
        return words.index(query)
    folded = query.casefold()
    same = next((word for word in words if word.casefold() == folded), None)
    raise InputError(f"there is no vector for {query!r}", f"did you mean {same!r}?" if same else "choose another word")
