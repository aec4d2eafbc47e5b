"""What gatework raises when the cause lies outside the program: one line of cause, one of remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GateworkError(Exception):
    """Something the user can put right. The command line prints it as one line and exits with 2.

    Args:
        cause: what is wrong, naming the file or argument; no full stop.
        remedy: what to do about it; no full stop.
    """

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(cause, remedy)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause}: {self.remedy}" if self.remedy else self.cause


class InputError(GateworkError):
    """The given text, arguments or configuration cannot be used."""


class DamagedFileError(GateworkError):
    """A file exists but does not hold what it should."""


class StorageError(GateworkError):
    """A file could not be written: the disk is full, the folder read-only or not a folder."""


class EngineError(GateworkError):
    """An engine asked for by name cannot run this call."""


class DivergedError(GateworkError):
    """The loss stopped being a finite number."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint such as ``did you mean 'hidden_size'?`` or the list of what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(names)}"
