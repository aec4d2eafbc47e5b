"""From what a user names to labelled texts, series and recordings, whatever the files are."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gatework.data.files.annotations import SUFFIXES as ANNOTATION_SUFFIXES
from gatework.data.files.lines import Source, is_rereadable, kept_input, suffix_of
from gatework.data.files.tables import SUFFIXES as TABLE_SUFFIXES
from gatework.data.labelled.class_codec import ClassifierCodec, InputKind
from gatework.data.labelled.labelled_files import read_labelled_files
from gatework.data.labelled.labelled_tables import Columns, LabelledTable, read_labelled_table
from gatework.data.labelled.ts_files import LabelledSeries, read_ts
from gatework.data.series.missing import fill_missing
from gatework.data.sound.spoken import read_fsdd
from gatework.errors import InputError
from gatework.settings import STANDARD_INPUT
from gatework.settings.tasks.classify import ClassifyData


class LabelledExample(NamedTuple):
    """An example as it was found.

    Attributes:
        value: a text, a series (steps, channels), or the path of a recording.
        label: its class.
        where: where it stands, for messages.
    """

    value: str | np.ndarray | Path
    label: str
    where: str


class LabelledExamples(NamedTuple):
    """All examples, of one kind, and what the user should know of them."""

    kind: InputKind
    examples: list[LabelledExample]
    notes: list[str]


class Reading(NamedTuple):
    """How examples are read: settings, where to keep standard input, and what a trained model knows."""

    config: ClassifyData
    keep: Path | None = None
    codec: ClassifierCodec | None = None


def read_labelled_examples(
    sources: Sequence[str], config: ClassifyData, keep: Path | None = None, codec: ClassifierCodec | None = None
) -> LabelledExamples:
    """Read examples: tables, .ts files, folders of recordings, or text files whose names are labels.

    Args:
        sources: files and folders, ``-`` for a table from standard input.
        config: columns, encoding, and what to do with missing values.
        keep: where to keep what standard input gave.
        codec: that of a trained model, whose kind of examples and labels are looked for.

    Raises:
        InputError: nothing is named, it cannot be read, has no labels, or is of several kinds.
    """
    if not sources:
        raise InputError("there is nothing to learn from", "name a table, labelled files, or a folder of recordings")
    found: list[LabelledExamples] = []
    files: list[str] = []
    for source in sources:
        reader = _reader(source, alone=len(sources) == 1)
        if reader is None:
            files.append(source)
        else:
            found.append(reader(source, Reading(config, keep, codec)))
    if files:
        texts = read_labelled_files(files, config.encoding)
        found.append(LabelledExamples("text", [LabelledExample(*text) for text in texts], []))
    kinds = sorted({one.kind for one in found})
    if len(kinds) > 1:
        raise InputError(f"the data are of several kinds ({', '.join(kinds)})", "give those of one kind")
    return LabelledExamples(
        found[0].kind,
        [example for one in found for example in one.examples],
        [note for one in found for note in one.notes],
    )


Reader = Callable[[str, Reading], LabelledExamples]


def _reader(source: str, *, alone: bool) -> Reader | None:
    """How to read a source; None if its name is its label."""
    if source == STANDARD_INPUT:
        return _standard_input
    path = Path(source)
    if path.is_dir():
        suffixes = {entry.suffix.lower() for entry in path.rglob("*.*")}
        if ".ts" in suffixes:
            raise InputError(f"{path} is a folder of .ts files", "name those to learn from, and others as --test-data")
        return _recordings if ".wav" in suffixes else None
    if suffix_of(source) == ".ts":
        return _series
    if suffix_of(source) in TABLE_SUFFIXES or (alone and path.is_file()):
        return _table
    if suffix_of(source) == ".wav":
        raise InputError(f"{source} is a recording without a label", "give the folder that it lies in")
    return None


def _standard_input(source: str, reading: Reading) -> LabelledExamples:
    content = kept_input(reading.keep).getvalue()
    return _read_table(lambda: io.BytesIO(content), "standard input", Path(), reading)


def _table(source: str, reading: Reading) -> LabelledExamples:
    if is_rereadable(source):
        return _read_table(lambda: source, source, Path(source).parent, reading)
    content = Path(source).read_bytes()
    return _read_table(lambda: io.BytesIO(content), source, Path(source).parent, reading)


def _read_table(reopen: Callable[[], Source], name: str, folder: Path, reading: Reading) -> LabelledExamples:
    config, codec = reading.config, reading.codec
    table = read_labelled_table(
        reopen,
        Columns(config.text_column, config.label_column, config.path_column),
        encoding=config.encoding,
        name=name,
        labels=() if codec is None else codec.labels.names,
        texts=codec is not None and codec.kind == "text",
    )
    return LabelledExamples(
        "sound" if table.paths else "text", list(_examples(table, name, folder)), [table.note] * bool(table.note)
    )


def _examples(table: LabelledTable, name: str, folder: Path) -> Iterator[LabelledExample]:
    for row in table.rows:
        where = f"{name} line {row.line}"
        yield LabelledExample(recording(folder / row.value, where) if table.paths else row.value, row.label, where)


def recording(path: Path, where: str) -> Path:
    """A file that a table names.

    Raises:
        InputError: there is none.
    """
    if not path.is_file():
        raise InputError(f"{where}: there is no file {path}", "correct the name or add the file")
    return path


def _recordings(source: str, reading: Reading) -> LabelledExamples:
    """A folder of recordings: a table in it names their labels, or inner folders do, or the names of the files."""
    folder = Path(source)
    tables = sorted(path for path in folder.iterdir() if suffix_of(path) in ANNOTATION_SUFFIXES)
    if len(tables) > 1:
        raise InputError(
            f"{folder} holds several tables ({', '.join(path.name for path in tables)})", "name the one of the labels"
        )
    if tables:
        return _table(str(tables[0]), reading)
    inner = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".wav" and path.parent != folder)
    if inner:
        return LabelledExamples("sound", [LabelledExample(path, path.parent.name, str(path)) for path in inner], [])
    digits = read_fsdd(folder)
    return LabelledExamples("sound", [LabelledExample(one.path, str(one.digit), str(one.path)) for one in digits], [])


def _series(source: str, reading: Reading) -> LabelledExamples:
    config = reading.config
    read = read_ts(source, encoding=config.encoding)
    if not read.labels:
        raise InputError(f"{source} has series without labels", "give a .ts file with @classLabel true and labels")
    notes = mended(read, source, refuse=config.missing == "refuse")
    wheres = [f"{source} line {line}" for line in read.lines]
    return LabelledExamples("series", list(map(LabelledExample, read.series, read.labels, wheres)), notes)


def mended(read: LabelledSeries, source: str, *, refuse: bool) -> list[str]:
    """Interpolate the values that series lack, in place, channel by channel; what was done.

    Raises:
        InputError: values are missing and that is refused, or a channel has none at all.
    """
    lacking = [place for place, series in enumerate(read.series) if np.isnan(series).any()]
    if lacking and refuse:
        lines = ", ".join(str(read.lines[place]) for place in lacking[:10]) + ", ..." * (len(lacking) > 10)
        raise InputError(
            f"{source} lacks values (line{'s' * (len(lacking) > 1)} {lines})",
            "fill in what is missing, or ask for --missing interpolate",
        )
    filled = 0
    for place in lacking:
        series = read.series[place].astype(np.float64)
        for channel, values in enumerate(series.T):
            name = f"{source} line {read.lines[place]}, channel {channel}"
            filled += int(np.isnan(values).sum())
            fill_missing(values, None, range(len(values)), name, refuse=False)
        read.series[place] = series.astype(np.float32)
    return [f"{source}: {filled:,} missing values interpolated in {len(lacking):,} series"] if lacking else []
