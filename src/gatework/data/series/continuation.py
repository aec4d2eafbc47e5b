"""Times after the end of a series, and times as one writes them."""

from __future__ import annotations

import numpy as np

from gatework.data.series.timestamps import DAY, Stepping

MONTH_NAMES = {"monthly": 1, "quarterly": 3, "yearly": 12}


def continued(times: np.ndarray, stepping: Stepping | None, steps: int) -> np.ndarray:
    """Times that follow those of a series, stepping as they do.

    Args:
        times: (n,) int64 or datetime64 in microseconds, rising; at least one.
        stepping: how they step; None: by 1, or by a day.
        steps: how many to add.

    Returns:
        (steps,) of the same kind. Months go on with the same day, or with their last days where all are last days.
    """
    ahead = np.arange(1, steps + 1)
    last = times[-1]
    if times.dtype.kind == "i":
        return last + ahead * (_usual(np.diff(times)) if len(times) > 1 else 1)
    months = _months(stepping)
    if months:
        return _months_on(times, ahead * months)
    if stepping is not None and stepping.name == "each working day":
        day = last.astype("datetime64[D]")
        return np.busday_offset(day, ahead, roll="backward").astype(times.dtype) + (last - day)
    step = _usual(np.diff(times).astype(np.int64)) if len(times) > 1 else DAY * 10**6
    return last + ahead * np.timedelta64(step, "us")


def written(times: np.ndarray) -> list[str | int]:
    """Times as one writes them: whole numbers, months where all are first days of one, days, or days with times."""
    if times.dtype.kind == "i":
        return [int(time) for time in times]
    if (times == times.astype("datetime64[M]")).all() and len(times) > 1:
        return [str(time) for time in times.astype("datetime64[M]")]
    if (times == times.astype("datetime64[D]")).all():
        return [str(time) for time in times.astype("datetime64[D]")]
    unit = "s" if (times == times.astype("datetime64[s]")).all() else "us"
    return [str(time) for time in times.astype(f"datetime64[{unit}]")]


def _months(stepping: Stepping | None) -> int:
    """Months of a step; 0 where it is none."""
    if stepping is None:
        return 0
    if stepping.name in MONTH_NAMES:
        return MONTH_NAMES[stepping.name]
    every, _, unit = stepping.name.removeprefix("every ").partition(" ")
    return int(every) if unit == "months" else 0


def _months_on(times: np.ndarray, months: np.ndarray) -> np.ndarray:
    starts = times.astype("datetime64[M]")
    target = starts[-1] + months
    ends = (target + 1).astype("datetime64[D]") - 1
    last_days = (times.astype("datetime64[D]") + 1).astype("datetime64[M]") > starts
    days = ends if last_days.all() else np.minimum(target + (times[-1].astype("datetime64[D]") - starts[-1]), ends)
    return days.astype(times.dtype) + (times[-1] - times[-1].astype("datetime64[D]"))


def _usual(steps: np.ndarray) -> int:
    sizes, counts = np.unique(steps, return_counts=True)
    return int(sizes[counts.argmax()])
