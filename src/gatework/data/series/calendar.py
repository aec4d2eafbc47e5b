"""Where in the year, the week and the day a time lies, as points on circles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatework.data.series.timestamps import DAY, HOUR

MICROSECONDS = 10**6
LONGEST_STEP = {"month": 100 * DAY, "weekday": 3 * DAY, "hour": DAY - 1}
"""Seconds of the longest step with which a series still moves within a cycle: months, but weekdays only in days."""


def useful_cycles(times: Sequence[np.ndarray | None]) -> tuple[str, ...]:
    """The cycles that tell the times of all series apart: of month, weekday and hour; none where some have no dates."""
    dated = [one for one in times if one is not None and one.dtype.kind == "M" and len(one) > 1]
    if not dated or len(dated) < len(times):
        return ()
    step = max(float(np.median(np.diff(one).astype(np.int64))) for one in dated) / MICROSECONDS
    return tuple(cycle for cycle, longest in LONGEST_STEP.items() if step <= longest)


def calendar_features(times: np.ndarray, cycles: Sequence[str]) -> np.ndarray:
    """Sine and cosine of the place in each cycle: (n,) datetime64 to (n, 2 * cycles) float32."""
    angles = [2 * np.pi * _phase(times, name) for name in cycles]
    return np.stack([part for angle in angles for part in (np.sin(angle), np.cos(angle))], axis=1).astype(np.float32)


def _phase(times: np.ndarray, cycle: str) -> np.ndarray:
    """The place in a cycle, from 0 to 1: January, Monday and midnight are at 0."""
    if cycle == "month":
        return times.astype("datetime64[M]").astype(np.int64) % 12 / 12
    if cycle == "weekday":
        return (times.astype("datetime64[D]").astype(np.int64) + 3) % 7 / 7  # 1 January 1970 was a Thursday
    return times.astype(np.int64) // MICROSECONDS % DAY / HOUR / 24
