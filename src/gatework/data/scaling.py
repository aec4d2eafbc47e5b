"""Vectors brought to mean 0 and deviation 1, feature by feature, as they were in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gatework.errors import DamagedFileError, InputError

SMALLEST = 1e-8
"""A feature that varies less is left as it is: it says nothing."""


@dataclass(frozen=True)
class Scaling:
    """Mean and deviation of each feature.

    Args:
        mean: of each feature.
        deviation: of each feature, positive.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, sequences: Sequence[np.ndarray]) -> Self:
        """Those of sequences (steps, features), over all their steps."""
        rows = np.concatenate([np.asarray(sequence, np.float64) for sequence in sequences])
        deviation = rows.std(axis=0)
        deviation[deviation < SMALLEST] = 1.0
        return cls(tuple(rows.mean(axis=0).tolist()), tuple(deviation.tolist()))

    def __len__(self) -> int:
        return len(self.mean)

    def apply(self, sequence: np.ndarray, name: str = "a sequence") -> np.ndarray:
        """A sequence (steps, features) to scale, float32.

        Raises:
            InputError: it has other features, or values that are no numbers.
        """
        if sequence.ndim != 2 or sequence.shape[1] != len(self):
            raise InputError(
                f"{name} has the shape {sequence.shape}", f"it must have (steps, {len(self)}), as in training"
            )
        if not np.isfinite(sequence).all():
            step = int(np.argwhere(~np.isfinite(sequence).all(axis=1))[0, 0])
            raise InputError(f"{name} has no finite number at step {step}", "mend it or leave it out")
        return ((sequence - np.asarray(self.mean)) / np.asarray(self.deviation)).astype(np.float32)

    def undo(self, sequence: np.ndarray) -> np.ndarray:
        """The inverse of ``apply``."""
        return sequence * np.asarray(self.deviation) + np.asarray(self.mean)

    def to_json(self) -> dict[str, list[float]]:
        """Return what ``from_json`` reads."""
        return {"mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            found = cls(tuple(map(float, value["mean"])), tuple(map(float, value["deviation"])))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"this is no scaling ({error})", "restore it or make it again") from error
        if len(found.mean) != len(found.deviation) or not all(part > 0 for part in found.deviation):
            raise DamagedFileError("this scaling has no deviation for each mean", "restore it or make it again")
        return found
