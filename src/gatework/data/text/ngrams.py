"""A small language model: how often runs of symbols occur, each length interpolated with the shorter ones."""

from __future__ import annotations

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from gatework.errors import DamagedFileError

BEGINNING = -1
"""What stands before the first symbol of a sequence."""


@dataclass(frozen=True)
class NGrams:
    """Counts of runs of symbols, interpolated after Witten and Bell.

        p(w | h) = (c(h w) + d(h) p(w | h')) / (c(h) + d(h))

    c counts; d(h) is how many different symbols were seen after h; h' is h without its first symbol; below single
    symbols all are equally probable. What was never seen has thus a probability, too.

    Args:
        order: symbols of the longest runs.
        symbols: how many symbols there are: 0 .. symbols - 1.
        counts: from runs of ``order`` symbols to how often they occur; -1 stands before a sequence's first symbol.

    Raises:
        ValueError: a run is of another length, or its count is not positive.
    Reference: Witten and Bell 1991, doi:10.1109/18.87000, method C; interpolated as by Chen and Goodman 1999.
    """

    order: int
    symbols: int
    counts: Mapping[tuple[int, ...], int]

    def __post_init__(self) -> None:
        if self.order < 1 or self.symbols < 1:
            raise ValueError(f"order and symbols must be positive, not {self.order} and {self.symbols}")
        for run, count in self.counts.items():
            if len(run) != self.order or count < 1 or not 0 <= run[-1] < self.symbols:
                raise ValueError(f"{run} is no run of {self.order} of {self.symbols} symbols that occurs {count} times")

    @classmethod
    def of(cls, sequences: Iterable[Sequence[int]], symbols: int, order: int) -> Self:
        """Count the runs in sequences."""
        counts: Counter[tuple[int, ...]] = Counter()
        for sequence in sequences:
            filled = (*[BEGINNING] * (order - 1), *(int(symbol) for symbol in sequence))
            counts.update(filled[first : first + order] for first in range(len(sequence)))
        return cls(order, symbols, dict(sorted(counts.items())))

    def log_probability(self, before: Sequence[int], symbol: int) -> float:
        """The log-probability of a symbol after those before it, from the beginning of a sequence on; nats.

        It can be given to ``gatework.generation.ctc_beam`` as what is known of sequences of labels.
        """
        filled = (*[BEGINNING] * (self.order - 1), *before)
        history = filled[len(filled) - self.order + 1 :]
        probability = 1 / self.symbols
        for length in range(self.order):
            following = self._following.get(history[len(history) - length :])
            if following is None:
                break
            seen, different = sum(following.values()), len(following)
            probability = (following.get(symbol, 0) + different * probability) / (seen + different)
        return math.log(probability)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        counts = [[*run, count] for run, count in self.counts.items()]
        return {"order": self.order, "symbols": self.symbols, "counts": counts}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild them.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            counts = {tuple(map(int, run)): int(count) for *run, count in value["counts"]}
            return cls(int(value["order"]), int(value["symbols"]), counts)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"these are no n-grams ({error})", "restore them or make them again") from error

    @functools.cached_property
    def _following(self) -> dict[tuple[int, ...], Counter[int]]:
        """From a history of any length to what was seen after it."""
        found: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for (*history, symbol), count in self.counts.items():
            for length in range(self.order):
                found[tuple(history[len(history) - length :])][symbol] += count
        return dict(found)
