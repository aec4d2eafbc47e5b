"""What a forecasting model knows of series: how they are read and scaled, and how those of its training end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import ValidationError

from gatework.data.scaling import Scaling
from gatework.data.series.calendar import calendar_features
from gatework.data.series.continuation import continued
from gatework.data.series.series import Series
from gatework.data.series.series_identity import check_stepping, goes_on
from gatework.data.series.timestamps import Stepping
from gatework.data.series.transforms import Statistics, transform
from gatework.errors import DamagedFileError, InputError, did_you_mean
from gatework.settings.tasks.forecast import ForecastData


class Prepared(NamedTuple):
    """A series as numbers.

    Attributes:
        name: what it is called.
        number: the place of its name among those of the training; -1 for any other.
        values: (time,) float64, what is forecast, as it was read.
        past: (time, past) float32, scaled.
        known: (time + ahead, known) float32: what is known ahead, scaled, and calendar features.
        times: (time + ahead,) int64 or datetime64; None if it has none.
        stepping: how they step.
        statistics: of its training part; None where it was not trained on, whatever it is called.
    """

    name: str
    number: int
    values: np.ndarray
    past: np.ndarray
    known: np.ndarray
    times: np.ndarray | None
    stepping: Stepping | None
    statistics: Statistics | None


@dataclass(frozen=True)
class SeriesCodec:
    """How series become numbers.

    Args:
        config: with season, context and columns filled in, and without sources.
        names: of the series trained on, in the order of their numbers.
        statistics: of each, from its training part.
        cycles: calendar features.
        past: scaling of what is known up to now, over the training parts.
        future: scaling of what is known ahead.
        ends: the last steps of each series, held-out parts included: what a forecast of what comes next begins with.
            Nothing is learnt from them.
    """

    FILE: ClassVar[str] = "series.json"

    config: ForecastData
    names: tuple[str, ...]
    statistics: tuple[Statistics, ...]
    cycles: tuple[str, ...]
    past: Scaling
    future: Scaling
    ends: tuple[Series, ...]

    @property
    def season(self) -> int:
        """Steps after which patterns return."""
        return self.config.season or 1

    @property
    def context(self) -> int:
        """Steps that the recurrent layers read."""
        return self.config.context or 2

    @property
    def horizon(self) -> int:
        """Steps that are forecast."""
        return self.config.horizon

    @property
    def history(self) -> int:
        """Steps that must come before a forecast: each step of the context is seen beside that of a season before."""
        return self.context + self.season + 1

    @property
    def known_width(self) -> int:
        """How many numbers are known ahead of each step."""
        return len(self.future) + 2 * len(self.cycles)

    def prepare(self, series: Series, *, ahead: int = 0) -> Prepared:
        """A series as numbers; with ``ahead`` so many steps after its end are known, or refused.

        Raises:
            InputError: it lacks times or what is known ahead, it cannot be transformed, or its times step otherwise
                than in training.
        """
        number = self.names.index(series.name) if series.name in self.names else -1
        check_stepping(series, self.ends)
        values = series.targets[:, 0]
        times = self._times(series, len(values) + ahead)
        transform(values, self.config)  # refuses what it is not defined for
        trained = number >= 0 and goes_on(series, self.ends[number])
        return Prepared(
            series.name,
            number,
            values,
            self.past.apply(series.past, series.name),
            self._known(series, times, len(values) + ahead),
            times,
            series.stepping,
            self.statistics[number] if trained else None,
        )

    def check_known(self, name: str) -> None:
        """Refuse a series of another name than those of the training.

        Raises:
            InputError: there is none of that name.
        """
        if name not in self.names:
            raise InputError(
                f"the model tells its series apart (--series-embedding) and knows none called {name!r}",
                did_you_mean(name, self.names),
            )

    def _times(self, series: Series, length: int) -> np.ndarray | None:
        if series.times is None:
            if self.cycles:
                raise InputError(f"{series.name} has no dates, which the model reads", "give them as in training")
            return None
        if len(series.times) >= length:
            return series.times
        more = continued(series.times, series.stepping, length - len(series.times))
        return np.concatenate([series.times, more])

    def _known(self, series: Series, times: np.ndarray | None, length: int) -> np.ndarray:
        if not len(self.future):
            parts = [np.zeros((length, 0), np.float32)]
        elif len(series.future) < length:
            steps = len(series.future) - len(series.targets)
            columns = ", ".join(self.config.future_columns)
            raise InputError(
                f"{series.name}: {columns} known for {steps} steps after its end, not for the {self.horizon} of the "
                "horizon",
                "give a file whose last rows hold them and leave the targets blank",
            )
        else:
            parts = [self.future.apply(series.future[:length], series.name)]
        if self.cycles:
            assert times is not None
            if times.dtype.kind != "M":
                raise InputError(f"{series.name} has times that are no dates", "give dates, as in training")
            parts.append(calendar_features(times[:length], self.cycles))
        return np.concatenate(parts, axis=1)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {
            "config": self.config.model_dump(mode="json"),
            "series": [{"name": name, **one._asdict()} for name, one in zip(self.names, self.statistics, strict=True)],
            "cycles": list(self.cycles),
            "past": self.past.to_json(),
            "future": self.future.to_json(),
            "ends": [_end_to_json(end) for end in self.ends],
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            series = [dict(one) for one in value["series"]]
            names = tuple(str(one.pop("name")) for one in series)
            return cls(
                ForecastData.model_validate(value["config"]),
                names,
                tuple(Statistics(**{name: float(part) for name, part in one.items()}) for one in series),
                tuple(map(str, value["cycles"])),
                Scaling.from_json(value["past"]),
                Scaling.from_json(value["future"]),
                tuple(_end_from_json(end) for end in value["ends"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError, ValidationError) as error:
            raise DamagedFileError(f"it does not describe series ({error})", "restore it or train again") from error


def end_of(series: Series, steps: int) -> Series:
    """The last steps of a series, with all that is known ahead of them."""
    first = max(0, len(series.targets) - steps)
    times = None if series.times is None else series.times[first:]
    return Series(
        series.name, series.targets[first:], series.past[first:], series.future[first:], times, series.stepping
    )


def _end_to_json(end: Series) -> dict[str, Any]:
    return {
        "name": end.name,
        "targets": end.targets.tolist(),
        "past": end.past.tolist(),
        "future": end.future.tolist(),
        "dates": end.times is not None and end.times.dtype.kind == "M",
        "times": None if end.times is None else end.times.astype(np.int64).tolist(),
        "stepping": None if end.stepping is None else [end.stepping.name, end.stepping.season],
    }


def _end_from_json(value: Any) -> Series:
    times = None if value["times"] is None else np.array(value["times"], np.int64)
    if times is not None and value["dates"]:
        times = times.astype("datetime64[us]")
    stepping = None if value["stepping"] is None else Stepping(str(value["stepping"][0]), value["stepping"][1], ())
    return Series(
        str(value["name"]),
        _rows(value["targets"], value["targets"]),
        _rows(value["past"], value["targets"]),
        _rows(value["future"], value["targets"]),
        times,
        stepping,
    )


def _rows(value: Sequence[Sequence[float]], steps: Sequence[Any]) -> np.ndarray:
    found = np.array(value, np.float64)
    if found.ndim != 2 or len(found) < len(steps):
        raise ValueError(f"an end of {len(steps)} steps has rows of the shape {found.shape}")
    return found
