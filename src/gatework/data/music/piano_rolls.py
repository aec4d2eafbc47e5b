"""Piano rolls: which of a piano's 88 keys sound at each step, (time, 88) bool; key 0 is MIDI pitch 21, A of 27.5 Hz."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LOWEST, HIGHEST = 21, 108  # MIDI pitches
KEYS = HIGHEST - LOWEST + 1


def roll_of(steps: Iterable[Iterable[int]]) -> tuple[np.ndarray, int]:
    """Return the roll of MIDI pitches sounding at each step, (time, 88) bool, and how many lay outside 21-108."""
    every = [list(pitches) for pitches in steps]
    roll, outside = np.zeros((len(every), KEYS), bool), 0
    for step, pitches in enumerate(every):
        for pitch in pitches:
            if LOWEST <= pitch <= HIGHEST:
                roll[step, pitch - LOWEST] = True
            else:
                outside += 1
    return roll, outside


def pitches_of(roll: np.ndarray) -> list[list[int]]:
    """Return the MIDI pitches that sound at each step, from low to high: the inverse of ``roll_of``."""
    return [(np.flatnonzero(keys) + LOWEST).tolist() for keys in roll]


def checked_roll(roll: np.ndarray, name: str = "roll") -> np.ndarray:
    """Return a roll as bool.

    Raises:
        ValueError: it is not (time, 88), or holds something else than 0 and 1.
    """
    if roll.ndim != 2 or roll.shape[1] != KEYS or not len(roll):
        raise ValueError(f"{name} must be (time, {KEYS}), not {roll.shape}")
    if roll.dtype.kind not in "biuf" or not np.isin(roll, (0, 1)).all():
        raise ValueError(f"{name} must hold 1 where a key sounds and else 0")
    return roll.astype(bool)


def outside_note(outside: int) -> str:
    """Say how many notes were left out because a piano has no key for them; nothing if none were."""
    return f"{outside} notes outside the piano (MIDI {LOWEST}-{HIGHEST}) left out" if outside else ""
