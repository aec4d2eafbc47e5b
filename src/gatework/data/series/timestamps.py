"""Times of a series: read, rising, and how they step."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from gatework.errors import InputError

if TYPE_CHECKING:
    import numpy as np

INTEGER = re.compile(r"[+-]?\d{1,18}")
COMPACT_DATE = re.compile(r"\d{8}")
MONTH = re.compile(r"(?P<year>\d{4})[-/](?P<month>0[1-9]|1[0-2])")
QUARTER = re.compile(r"(?P<year>\d{4})[- ]?Q(?P<quarter>[1-4])", re.IGNORECASE)
DAY, HOUR, MINUTE = 86_400, 3_600, 60  # seconds
MONTH_STEPS = {1: "monthly", 3: "quarterly", 12: "yearly"}
SECOND_STEPS = {7 * DAY: "weekly", DAY: "daily", HOUR: "hourly", MINUTE: "each minute", 1: "each second"}
REMEDY = "write it as 2024-05-31, 2024-05-31T18:00, 2024-05, 2024-Q2 or a whole number"


class Stepping(NamedTuple):
    """How times follow each other.

    Attributes:
        name: such as ``monthly``; what most steps are.
        season: steps after which a pattern is likely to return: 12 for months, 4 for quarters, 52 for weeks, 7 for
            days, 5 for working days, the steps of a day for hours and minutes, of an hour for seconds. None: no guess.
        gaps: positions from which the step to the next one is another.
    """

    name: str
    season: int | None
    gaps: tuple[int, ...]


def is_date(text: str) -> bool:
    """Whether a text is a date or a time of day on one, and no number."""
    return INTEGER.fullmatch(text.strip()) is None and _moment(text.strip()) is not None


def is_integer(text: str) -> bool:
    """Whether a text is a whole number."""
    return INTEGER.fullmatch(text.strip()) is not None


def parse_times(texts: Sequence[str], where: Callable[[int], str]) -> np.ndarray:
    """Read times, all in the manner of the first one.

    Eight digits that make a date are one (20240531); other whole numbers count steps. Times with a zone are
    turned into UTC.

    Args:
        texts: at least one.
        where: what messages call the place of the n-th.

    Returns:
        (n,) int64, or datetime64 in microseconds.

    Raises:
        InputError: one is no time, or of another kind than the first.
    """
    import numpy as np

    first = texts[0].strip()
    if INTEGER.fullmatch(first) and not _is_compact_date(first):
        wrong = next((place for place, text in enumerate(texts) if not is_integer(text)), None)
        if wrong is not None:
            raise InputError(f"{where(wrong)}: the time {texts[wrong]!r} is no whole number as {first} is", REMEDY)
        return np.array([int(text) for text in texts], np.int64)
    moments = [_moment(text.strip()) for text in texts]
    wrong = next((place for place, moment in enumerate(moments) if moment is None), None)
    if wrong is not None:
        raise InputError(f"{where(wrong)}: {texts[wrong]!r} is no time", REMEDY)
    found = [moment for moment in moments if moment is not None]
    zoned = [moment.tzinfo is not None for moment in found]
    if len(set(zoned)) > 1:
        place = zoned.index(not zoned[0])
        raise InputError(f"{where(place)}: times with and without a zone are mixed", "give all a zone, or none")
    if zoned[0]:
        found = [moment.astimezone(UTC).replace(tzinfo=None) for moment in found]
    return np.array(found, "datetime64[us]")


def check_rising(times: np.ndarray, texts: Sequence[str], where: Callable[[int], str], remedy: str) -> None:
    """Refuse times that stand still or go back.

    Raises:
        InputError: naming both places.
    """
    import numpy as np

    wrong = np.flatnonzero(times[1:] <= times[:-1])
    if not len(wrong):
        return
    place = int(wrong[0]) + 1
    how = "repeats" if times[place] == times[place - 1] else "goes back behind"
    also = f"; so do {len(wrong) - 1} more" if len(wrong) > 1 else ""
    before = f"{texts[place - 1]!r} ({where(place - 1).rpartition(' line ')[2]})"
    raise InputError(f"{where(place)}: the time {texts[place]!r} {how} that of the line before, {before}{also}", remedy)


def find_stepping(times: np.ndarray) -> Stepping | None:
    """Find how rising times step; None for fewer than two."""
    import numpy as np

    if len(times) < 2:
        return None
    if times.dtype.kind == "i":
        step, gaps = _usual(np.diff(times))
        return Stepping("by 1" if step == 1 else f"by {step:,}", None, gaps)
    months = times.astype("datetime64[M]")
    ends = (times.astype("datetime64[D]") + 1).astype("datetime64[M]") > months
    if (months[1:] > months[:-1]).all() and (ends.all() or len(np.unique(times - months)) == 1):
        step, gaps = _usual(np.diff(months.astype(np.int64)))
        return Stepping(MONTH_STEPS.get(step, f"every {step} months"), _season(step, 12), gaps)
    step, gaps = _usual(np.diff(times).astype(np.int64))
    days = times.astype("datetime64[D]")
    if step == DAY * 10**6 and gaps and np.is_busday(days).all():
        return Stepping("each working day", 5, _usual(np.busday_count(days[:-1], days[1:]))[1])
    seconds = step / 10**6
    return Stepping(SECOND_STEPS.get(int(seconds), _every(seconds)), _season_of_seconds(seconds), gaps)


def _usual(steps: np.ndarray) -> tuple[int, tuple[int, ...]]:
    """Return the most frequent step, the smallest of equally frequent ones, and where there are others."""
    import numpy as np

    sizes, counts = np.unique(steps, return_counts=True)
    step = sizes[counts.argmax()]
    return int(step), tuple(int(place) for place in np.flatnonzero(steps != step))


def _season_of_seconds(seconds: float) -> int | None:
    if seconds % DAY == 0:
        return {1: 7, 7: 52}.get(int(seconds // DAY))
    return _season(seconds, DAY if seconds >= MINUTE else HOUR)


def _season(step: float, whole: int) -> int | None:
    return int(whole // step) if whole % step == 0 and whole > step else None


def _every(seconds: float) -> str:
    for size, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if seconds % size == 0:
            return f"every {int(seconds // size)} {name}"
    return f"every {seconds:g} seconds"


def _is_compact_date(text: str) -> bool:
    return COMPACT_DATE.fullmatch(text) is not None and _moment(text) is not None


def _moment(text: str) -> datetime | None:
    if month := MONTH.fullmatch(text):
        return datetime(int(month["year"]), int(month["month"]), 1)
    if quarter := QUARTER.fullmatch(text):
        return datetime(int(quarter["year"]), 3 * int(quarter["quarter"]) - 2, 1)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
