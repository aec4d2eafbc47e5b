"""Examples of like length in one batch, so that little of it is padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SPREAD = 0.1
"""How far from its place by length an example may come, as a share of the mean length: batches differ from pass to
pass."""


class Buckets:
    """Batches of indices; of each pass other ones, the same for the same seed and pass.

    Args:
        lengths: steps of each example.
        batch: most examples in a batch.
        batch_steps: most steps in a batch, padding included; an example longer than that is a batch of its own.
        seed: of the order.
    """

    def __init__(self, lengths: Sequence[int], *, batch: int, batch_steps: int | None = None, seed: int = 0) -> None:
        self.lengths = np.asarray(lengths, np.int64)
        self.batch = batch
        self.batch_steps = batch_steps
        self.seed = seed
        self._epoch = -1
        self._batches: list[np.ndarray] = []

    def of(self, epoch: int) -> list[np.ndarray]:
        """The batches of a pass, shuffled."""
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._drawn(epoch)
        return self._batches

    def ordered(self) -> list[np.ndarray]:
        """Batches of the examples from the shortest to the longest, for reading without learning."""
        return self._cut(np.argsort(self.lengths, kind="stable"))

    def waste(self, epoch: int = 0) -> float:
        """The share of all steps of a pass that is padding."""
        padded = sum(int(self.lengths[batch].max(initial=0)) * len(batch) for batch in self.of(epoch))
        return 1 - int(self.lengths.sum()) / padded if padded else 0.0

    def _drawn(self, epoch: int) -> list[np.ndarray]:
        generator = np.random.default_rng((self.seed, epoch))
        jitter = SPREAD * self.lengths.mean() if len(self.lengths) else 0.0
        places = self.lengths + jitter * generator.random(len(self.lengths))
        batches = self._cut(np.argsort(places, kind="stable"))
        return [batches[index] for index in generator.permutation(len(batches))]

    def _cut(self, order: np.ndarray) -> list[np.ndarray]:
        if self.batch_steps is None:
            return [order[first : first + self.batch] for first in range(0, len(order), self.batch)]
        batches, first, longest = [], 0, 0
        for place, length in enumerate(self.lengths[order]):
            widest = max(longest, int(length))
            count = place - first
            if count and (count == self.batch or widest * (count + 1) > self.batch_steps):
                batches.append(order[first:place])
                first, widest = place, int(length)
            longest = widest
        return [*batches, order[first:]] if len(order) else []
