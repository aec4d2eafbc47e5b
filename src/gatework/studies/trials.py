"""Trials: what was set, what was measured, how long it took, or why it failed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

Settings = dict[str, Any]
Measured = dict[str, Any]


def key_of(study: str, settings: Settings) -> str:
    """A name for a trial that depends on the study and all its settings."""
    text = json.dumps([study, settings], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Trial:
    """One experiment.

    Attributes:
        settings: what it depends on.
        measured: what it gave; empty where it failed.
        seconds: wall time.
        error: why it failed, in a line; empty where it did not.
        core_seconds: of the processor, which other programs do not lengthen; None where they were not recorded.
    """

    settings: Settings
    measured: Measured
    seconds: float
    error: str = ""
    core_seconds: float | None = None

    @property
    def spent(self) -> float:
        """Seconds of the processor, or wall time where those were not recorded."""
        return self.seconds if self.core_seconds is None else self.core_seconds

    def __getitem__(self, name: str) -> Any:
        """A measured value, or a setting.

        Raises:
            KeyError: there is neither.
        """
        return self.measured[name] if name in self.measured else self.settings[name]


class Trials(Sequence[Trial]):
    """Some trials, in the order in which they were planned."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self._trials = tuple(trials)

    @overload
    def __getitem__(self, index: int) -> Trial: ...
    @overload
    def __getitem__(self, index: slice) -> Trials: ...
    def __getitem__(self, index: int | slice) -> Trial | Trials:
        """One trial, or some."""
        return Trials(self._trials[index]) if isinstance(index, slice) else self._trials[index]

    def __len__(self) -> int:
        """How many."""
        return len(self._trials)

    def __iter__(self) -> Iterator[Trial]:
        """One by one."""
        return iter(self._trials)

    def where(self, **settings: Any) -> Trials:
        """Those whose settings have these values; a setting that is absent counts as None."""
        return self.that(lambda trial: all(trial.settings.get(name) == value for name, value in settings.items()))

    def that(self, holds: Callable[[Trial], bool]) -> Trials:
        """Those for which a condition holds."""
        return Trials([trial for trial in self._trials if holds(trial)])

    @property
    def good(self) -> Trials:
        """Those that did not fail."""
        return self.that(lambda trial: not trial.error)

    @property
    def failed(self) -> Trials:
        """Those that failed."""
        return self.that(lambda trial: bool(trial.error))

    def groups(self, *names: str) -> dict[tuple[Any, ...], Trials]:
        """Trials by the values of some settings, in the order of their first."""
        found: dict[tuple[Any, ...], list[Trial]] = {}
        for trial in self._trials:
            found.setdefault(tuple(trial.settings.get(name) for name in names), []).append(trial)
        return {key: Trials(trials) for key, trials in found.items()}

    def values(self, name: str) -> list[float]:
        """A measured number of each that did not fail."""
        return [float(trial.measured[name]) for trial in self.good if trial.measured.get(name) is not None]

    def best(self, name: str, *, highest: bool = False) -> Trial | None:
        """The one that did not fail and whose measured number is lowest; None where no one has a finite one."""
        known = self.good.that(lambda trial: trial.measured.get(name) is not None)
        finite = [trial for trial in known if math.isfinite(float(trial.measured[name]))]
        if not finite:
            return None
        return (max if highest else min)(finite, key=lambda trial: float(trial.measured[name]))
