"""Series as training, validation and test: the parts follow each other in time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gatework.data.dataset import Dataset, data_name, make_dataset
from gatework.data.files.lines import Source, kept_input
from gatework.data.scaling import Scaling
from gatework.data.series.calendar import useful_cycles
from gatework.data.series.series import Series, SeriesTable, read_series
from gatework.data.series.series_codec import Prepared, SeriesCodec, end_of
from gatework.data.series.series_identity import namesakes, series_of
from gatework.data.series.series_windows import Window, Windows, drawn_places, spread_places
from gatework.data.series.transforms import Statistics
from gatework.errors import InputError
from gatework.settings.data import STANDARD_INPUT
from gatework.settings.tasks.forecast import ForecastData

SeriesData = Dataset[Window, SeriesCodec]
FEW = 30
"""Fewer forecasts than this say little of how often intervals hold."""


class Bounds(NamedTuple):
    """Where the parts of a series end: training, then validation, then test."""

    train: int
    validation: int
    test: int


def read_tables(sources: Sequence[Source], config: ForecastData) -> list[SeriesTable]:
    """Read the tables of series, all with the columns of the first.

    Raises:
        InputError: nothing is given, or a table cannot be read; see ``read_series``.
    """
    if not sources:
        raise InputError("no series are given", "name a table: CSV, TSV or JSON Lines")
    tables: list[SeriesTable] = []
    for source in sources:
        table = read_series(
            source,
            time=config.time_column,
            targets=config.target_columns or (tables[0].targets if tables else ()),
            series=config.series_column,
            past=config.past_columns,
            future=config.future_columns,
            missing=config.missing,
            encoding=config.encoding,
        )
        tables.append(table)
    return tables


def load_series(config: ForecastData, *, codec: SeriesCodec | None = None, keep: Path | None = None) -> SeriesData:
    """Read series, divide them in time and cut them into windows.

    Args:
        config: which, and how.
        codec: that of a trained model; then all windows, evenly spread, are in the part ``train``.
        keep: where to keep what standard input gave.

    Raises:
        InputError: series cannot be read, are too short for horizon and context, or cannot be transformed.
    """
    sources: list[Source] = [kept_input(keep) if source == STANDARD_INPUT else source for source in config.sources]
    tables, name = read_tables(sources, config), data_name(config.sources)
    if codec is None:
        return divided_series(tables, config, name)
    series = series_of(tables, codec.names)
    notes = [*_notes(tables), *namesakes(series, codec.ends)]
    return make_dataset((_all_windows(series, codec, config), [], []), codec, config, name, notes)


def divided_series(tables: Sequence[SeriesTable], config: ForecastData, name: str) -> SeriesData:
    """Divide series in time and cut them into windows; ``name`` is what messages call them.

    Raises:
        InputError: series are too short for horizon and context, or cannot be transformed.
    """
    series, notes = series_of(tables), _notes(tables)
    config = completed(config, tables)
    bounds = [_bounds(one, config) for one in series]
    codec = make_codec(series, bounds, config)
    prepared = [codec.prepare(one) for one in series]
    notes += _constant_notes(series, bounds, config)
    places = drawn_places(prepared, [one.train for one in bounds], codec, most=config.windows, seed=config.split_seed)
    validation, test = ([(one.train, one.validation) for one in bounds], [(one.validation, one.test) for one in bounds])
    parts = (
        Windows(prepared, places, codec),
        _held_out(prepared, validation, config.validation_data, codec, config, notes),
        _held_out(prepared, test, config.test_data, codec, config, notes),
    )
    for part, windows in zip(("validation", "test"), parts[1:], strict=True):
        if 0 < len(windows) < FEW:
            notes.append(f"the {part} part has {len(windows)} forecasts, few to judge intervals by")
    return make_dataset(parts, codec, config, name, notes)


def _notes(tables: Sequence[SeriesTable]) -> list[str]:
    return [note for table in tables for note in table.notes]


def completed(config: ForecastData, tables: Sequence[SeriesTable]) -> ForecastData:
    """The settings with season, context and target columns filled in as the tables suggest."""
    seasons = {table.season for table in tables}
    season = config.season or (seasons.pop() if len(seasons) == 1 else None) or 1
    context = config.context or max(2, 2 * config.horizon, 2 * season)
    windows_length = context + season + 1 + config.horizon
    if config.max_length is not None and config.max_length < windows_length:
        raise InputError(
            f"--max-length {config.max_length} leaves out all windows, which have {windows_length} steps",
            "make it longer, or --context or --horizon shorter",
        )
    targets = list(config.target_columns or tables[0].targets)
    return config.model_copy(update={"season": season, "context": context, "target_columns": targets})


def make_codec(series: Sequence[Series], bounds: Sequence[Bounds], config: ForecastData) -> SeriesCodec:
    """What is known of series from their training parts; config as ``completed`` made it."""
    parts = [(one, bound.train) for one, bound in zip(series, bounds, strict=True)]
    known = config.model_copy(update={"sources": [], "validation_data": [], "test_data": []})
    return SeriesCodec(
        known,
        tuple(one.name for one in series),
        tuple(Statistics.of(one.targets[:end, 0], config) for one, end in parts),
        useful_cycles([one.times for one in series]) if config.calendar else (),
        Scaling.of([one.past[:end] for one, end in parts]),
        Scaling.of([one.future[:end] for one, end in parts]),
        tuple(end_of(one, (config.context or 2) + (config.season or 1) + 1) for one in series),
    )


def _bounds(series: Series, config: ForecastData) -> Bounds:
    """Divide a series in time.

    Raises:
        InputError: a part is too short for the horizon.
    """
    steps = len(series.targets)
    shares = {
        "validation": 0.0 if config.validation_data else config.validation,
        "test": 0.0 if config.test_data else config.test,
    }
    held = {part: round(steps * share) for part, share in shares.items()}
    for part, count in held.items():
        if shares[part] and count < config.horizon:
            raise InputError(
                f"the {part} part of {series.name} has {count} of its {steps} steps, too few for --horizon "
                f"{config.horizon}",
                f"take a horizon of up to {count}, or a --{part} share of {config.horizon / steps + 0.01:.2f} or more"
                if count
                else f"give more steps, or --{part} 0",
            )
    train = steps - held["validation"] - held["test"]
    reads = (config.context or 2) + (config.season or 1) + 1
    if train < reads + config.horizon:
        longest = train - reads
        fits = f"take a horizon of up to {longest}, or " if longest > 0 else ""
        raise InputError(
            f"{series.name} has {train} training steps, and a window needs {reads + config.horizon}: --context "
            f"{config.context}, the --season {config.season} before it, one more, and --horizon {config.horizon}",
            f"{fits}make --context shorter, hold out less, or give more steps",
        )
    return Bounds(train, train + held["validation"], steps)


def _held_out(
    own: Sequence[Prepared],
    spans: Sequence[tuple[int, int]],
    files: Sequence[str],
    codec: SeriesCodec,
    config: ForecastData,
    notes: list[str],
) -> Windows:
    """Windows whose forecasts lie in a part: of files of its own, or of spans of the series; adds to the notes."""
    if files:
        series = series_of(read_tables(files, codec.config), codec.names)
        notes += namesakes(series, codec.ends)
        return _all_windows(series, codec, config)
    return Windows(own, spread_places(spans, codec, most=config.origins), codec)


def _all_windows(series: Sequence[Series], codec: SeriesCodec, config: ForecastData) -> Windows:
    """Forecasts over whole series, each from what comes before it there.

    Raises:
        InputError: none fits into any of them.
    """
    prepared = [codec.prepare(one) for one in series]
    spans = [(0, len(one.values)) for one in prepared]
    places = spread_places(spans, codec, most=config.origins)
    if not len(places):
        longest = max(len(one.values) for one in prepared)
        raise InputError(
            f"the series have up to {longest} steps, and a forecast of {codec.horizon} reads {codec.history} before it",
            "give longer series",
        )
    return Windows(prepared, places, codec)


def _constant_notes(series: Sequence[Series], bounds: Sequence[Bounds], config: ForecastData) -> list[str]:
    season = config.season or 1
    notes = []
    for one, bound in zip(series, bounds, strict=True):
        part = one.targets[: bound.train, 0]
        if (part[season:] == part[:-season]).all():
            what = "is constant" if (part == part[0]).all() else f"repeats exactly after {season} steps"
            notes.append(f"{one.name} {what} in its training part: its errors are scaled by 1")
    return notes
