"""Which series is which: names that tell them apart, and whether one goes on from a series of the training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import PurePath

import numpy as np

from gatework.data.series.continuation import continued
from gatework.data.series.series import Series, SeriesTable
from gatework.errors import InputError


def series_of(tables: Sequence[SeriesTable], known: Collection[str] = ()) -> list[Series]:
    """All series; those of several tables that have one name are called after their tables too.

    Of a table's path so much is taken as tells them apart: ``shops north``, or ``2024/shops north``.

    Args:
        tables: what was read.
        known: names of a training; a series whose table gives it one of them gets it.

    Raises:
        InputError: a table is given twice, or two series have one name within a table.
    """
    found = [(PurePath(table.name), one) for table in tables for one in table.series]
    names = [one.name for _, one in found]
    for depth in range(1, 1 + max((len(path.parts) for path, _ in found), default=0)):
        counts = Counter(names)
        names = [
            name if counts[name] == 1 else _called(path, one, depth)
            for name, (path, one) in zip(names, found, strict=True)
        ]
    name, count = Counter(names).most_common(1)[0] if names else ("", 1)
    if count > 1:
        raise InputError(
            f"{count} series are called {name!r}", "give each table once, and each series a name of its own"
        )
    return [
        Series(_known(path, one, name, known), one.targets, one.past, one.future, one.times, one.stepping)
        for name, (path, one) in zip(names, found, strict=True)
    ]


def goes_on(series: Series, end: Series) -> bool:
    """Whether a series is the one that ended so: it holds that end, or begins where it ended.

    Args:
        series: any.
        end: the last steps of a series, as ``end_of`` cuts them.
    """
    values, last = series.targets[:, 0], end.targets[:, 0]
    if (series.times is None) != (end.times is None):
        return False
    if series.times is None or end.times is None:
        starts = np.flatnonzero(values[: max(0, len(values) - len(last) + 1)] == last[0])
        return any(np.array_equal(values[start : start + len(last)], last) for start in starts)
    if series.times.dtype.kind != end.times.dtype.kind:
        return False
    times, ended = series.times[: len(values)], end.times[: len(last)]
    common, here, there = np.intersect1d(times, ended, return_indices=True)
    if len(common):
        return 2 * int((values[here] == last[there]).sum()) > len(common)  # a few may have been corrected since
    return bool(times[0] == continued(ended, end.stepping, 1)[0])


def check_stepping(series: Series, ends: Sequence[Series]) -> None:
    """Refuse a series whose times step otherwise than those of the training.

    Raises:
        InputError: none of the training steps so.
    """
    learnt = {end.stepping.name for end in ends if end.stepping is not None}
    if series.times is None or series.stepping is None or not learnt or series.stepping.name in learnt:
        return
    if 2 * len(series.stepping.gaps) > len(series.times):  # it has no step of its own
        return
    if learnt == {"each working day"} and _are_working_days(series):  # too few to have a weekend between
        return
    raise InputError(
        f"the times of {series.name} step {series.stepping.name}, those of the training {', '.join(sorted(learnt))}",
        "give a series of such steps, or train on series like this one",
    )


def namesakes(series: Sequence[Series], ends: Sequence[Series]) -> list[str]:
    """Notes of series that are called as one of the training but do not go on from it; ``ends`` are those of it."""
    by_name = {end.name: end for end in ends}
    strange = [one.name for one in series if one.name in by_name and not goes_on(one, by_name[one.name])]
    return [
        f"{name} is called as a series of the training but neither holds its end nor follows it: it is scaled by its "
        "own values"
        for name in strange
    ]


def _called(path: PurePath, series: Series, depth: int) -> str:
    return f"{PurePath(*path.parts[-depth:]).with_suffix('').as_posix()} {series.name}"


def _known(path: PurePath, series: Series, name: str, known: Collection[str]) -> str:
    longer = (_called(path, series, depth) for depth in range(1, len(path.parts) + 1))
    return next((one for one in (name, *longer) if one in known), name)


def _are_working_days(series: Series) -> bool:
    assert series.times is not None
    return series.times.dtype.kind == "M" and bool(np.is_busday(series.times.astype("datetime64[D]")).all())
