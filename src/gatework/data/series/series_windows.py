"""Series cut into windows: what a forecast reads, and what then came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, overload

import numpy as np

from gatework.data.series.series_codec import Prepared, SeriesCodec
from gatework.data.series.transforms import Statistics
from gatework.errors import InputError

LEAST = 512
"""Windows of a pass, at the least about so many."""


class Window(NamedTuple):
    """A forecast to be made.

    Attributes:
        values: (history + horizon,) float64; the last ``horizon`` of them came after the forecast, NaN where unknown.
        past: (context, past) float32, known up to the forecast.
        known: (context + horizon, known) float32, known ahead.
        series: the number of its series' name; -1 for one that is not called as any of the training.
        statistics: (5,) float64, the ``Statistics`` of its series; where that was not trained on, of what came before.
        name: of its series.
        origin: the place in its series of the first step that is forecast.
    """

    values: np.ndarray
    past: np.ndarray
    known: np.ndarray
    series: int
    statistics: np.ndarray
    name: str
    origin: int


class Windows(Sequence[Window]):
    """Windows of series, cut when they are asked for.

    Args:
        series: all of them.
        places: (n, 2) int64, number of the series and origin of each window.
        codec: lengths of windows.
    """

    def __init__(self, series: Sequence[Prepared], places: np.ndarray, codec: SeriesCodec) -> None:
        self.series = series
        self.places = places
        self.codec = codec

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Window: ...
    @overload
    def __getitem__(self, index: slice) -> Windows: ...
    def __getitem__(self, index: int | slice) -> Window | Windows:
        """A window, or some of them."""
        if isinstance(index, slice):
            return Windows(self.series, self.places[index], self.codec)
        number, origin = self.places[index].tolist()
        return cut(self.series[number], origin, self.codec)

    def times(self, index: int) -> np.ndarray | None:
        """The times of a window's history and horizon, if there are any."""
        number, origin = self.places[index].tolist()
        times = self.series[number].times
        return None if times is None else times[origin - self.codec.history : origin + self.codec.horizon]


def cut(series: Prepared, origin: int, codec: SeriesCodec) -> Window:
    """The window of a series whose forecast begins at a place; steps after the series' end are NaN."""
    end = origin + codec.horizon
    values = series.values[origin - codec.history : end]
    values = np.pad(values, (0, codec.history + codec.horizon - len(values)), constant_values=np.nan)
    first = origin - codec.context
    own = series.statistics or Statistics.of(series.values[:origin], codec.config)
    statistics = np.array(own, np.float64)
    past, known = series.past[first:origin], series.known[first:end]
    return Window(values, past, known, series.number, statistics, series.name, origin)


def last_window(series: Prepared, codec: SeriesCodec) -> Window:
    """The window that forecasts what comes after the end of a series.

    Raises:
        InputError: it is too short.
    """
    if len(series.values) < codec.history:
        raise InputError(
            f"{series.name} has {len(series.values)} steps, and a forecast reads {codec.history} "
            f"(--context {codec.context}, the --season {codec.season} before it, and one more)",
            "give more steps",
        )
    return cut(series, len(series.values), codec)


def drawn_places(
    series: Sequence[Prepared], ends: Sequence[int], codec: SeriesCodec, *, most: int, seed: int
) -> np.ndarray:
    """Places (n, 2) of training windows that lie before the ends (places in each series).

    All of them, or so many drawn at random; few are repeated, so that a pass is more than a few updates.
    """
    spans = [max(0, end - codec.horizon - codec.history + 1) for end in ends]
    number = np.repeat(np.arange(len(series)), spans)
    origin = np.concatenate([codec.history + np.arange(span) for span in spans])
    if len(number) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(number), most, replace=False))
        number, origin = number[chosen], origin[chosen]
    return np.tile(np.stack([number, origin], axis=1), (max(1, round(min(LEAST, most) / len(number))), 1))


def spread_places(spans: Sequence[tuple[int, int]], codec: SeriesCodec, *, most: int) -> np.ndarray:
    """Places of forecasts whose steps all lie within a span of their series, evenly spread: (n, 2).

    Args:
        spans: for each series first place and end; nothing is forecast in an empty one.
        codec: lengths of windows.
        most: origins of a series.
    """
    places = []
    for number, (first, end) in enumerate(spans):
        first, last = max(first, codec.history), end - codec.horizon
        origins = np.unique(np.linspace(first, last, min(most, max(0, last - first + 1))).round().astype(np.int64))
        places.append(np.stack([np.full_like(origins, number), origins], axis=1))
    return np.concatenate(places)
