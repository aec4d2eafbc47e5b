"""What a classifier is asked about: lines, rows of tables, series, recordings, one at a time."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gatework.data.files.lines import is_rereadable, suffix_of
from gatework.data.files.tables import SUFFIXES as TABLE_SUFFIXES
from gatework.data.labelled.class_codec import ClassifierCodec
from gatework.data.labelled.labelled_dataset import is_empty
from gatework.data.labelled.labelled_examples import mended, recording
from gatework.data.labelled.labelled_tables import Columns, read_labelled_table
from gatework.data.labelled.ts_files import read_ts
from gatework.data.sound.audio import read_wav
from gatework.errors import InputError, did_you_mean
from gatework.settings import STANDARD_INPUT
from gatework.settings.tasks.classify import ClassifyPrediction
from gatework.tasks.example_task import lines_of

NO_TEXT = frozenset({".ts", ".wav"})


class Named(NamedTuple):
    """A source as a user names it, and the encoding of text in it."""

    source: str
    encoding: str


class Asked(NamedTuple):
    """An input.

    Attributes:
        value: what the codec encodes; None where there is nothing to read.
        where: where it stands.
        told: what the answer tells beside the class: the path of a recording, what was done to it.
    """

    value: str | np.ndarray | None
    where: str
    told: dict[str, str]


class Reading(NamedTuple):
    """How inputs are read: for which model, with which options, and who is told what is to be known of them."""

    codec: ClassifierCodec
    options: ClassifyPrediction
    note: Callable[[str], None]


def read_inputs(named: Named, reading: Reading) -> Iterator[Asked]:
    """The inputs of a source, as they are read.

    Texts are the lines of a file or of standard input (of JSON, where a column is named), or rows of a table. Series
    come from .ts files. Recordings are WAV files, all those of a folder, those that a table names, or those that the
    lines of a file or of standard input name.

    Raises:
        InputError: a source cannot be read or holds something else than the model reads.
    """
    options, kind = reading.options, reading.codec.kind
    if kind == "series":
        return _series(named, reading)
    if kind == "sound":
        return (_heard(path, reading.codec) for path in _paths(named, reading))
    if suffix_of(named.source) in NO_TEXT:
        raise InputError(f"the model reads texts, and {named.source} holds none", "give text, or a table of texts")
    return (_text(value, where) for value, where in _values(named, Columns(text=options.text_column), reading))


def _text(text: str, where: str) -> Asked:
    return Asked(None if is_empty(text) else text, where, {})


def _series(named: Named, reading: Reading) -> Iterator[Asked]:
    if named.source != STANDARD_INPUT and suffix_of(named.source) != ".ts":
        raise InputError(f"the model reads series, and {named.source} is no .ts file", "give .ts files")
    read = read_ts(named.source, encoding=named.encoding)
    name = "standard input" if named.source == STANDARD_INPUT else named.source
    for done in mended(read, name, refuse=reading.options.missing == "refuse"):
        reading.note(done)
    for line, series in zip(read.lines, read.series, strict=True):
        yield Asked(series, f"{name} line {line}", {})


def _paths(named: Named, reading: Reading) -> Iterator[Path]:
    path = Path(named.source)
    if named.source != STANDARD_INPUT and path.is_dir():
        recordings = sorted(entry for entry in path.rglob("*") if entry.suffix.lower() == ".wav")
        if not recordings:
            raise InputError(f"the folder {path} holds no recordings", "give a folder of WAV files")
        yield from recordings
        return
    if suffix_of(named.source) == ".wav":
        yield path
        return
    folder = Path() if named.source == STANDARD_INPUT else path.parent
    for value, where in _values(named, Columns(path=reading.options.path_column), reading):
        if value.strip():
            yield recording(folder / value.strip(), where)


def _heard(path: Path, codec: ClassifierCodec) -> Asked:
    read = read_wav(path, codec.rate)
    return Asked(read.samples, str(path), {"path": str(path)} | ({"note": read.note} if read.note else {}))


def _values(named: Named, columns: Columns, reading: Reading) -> Iterator[tuple[str, str]]:
    """Texts or paths, each with where it stands."""
    if named.source != STANDARD_INPUT and suffix_of(named.source) in TABLE_SUFFIXES:
        table = read_labelled_table(
            _reopener(named.source),
            columns,
            encoding=named.encoding,
            name=named.source,
            labelled=False,
            labels=reading.codec.labels.names,
            texts=reading.codec.kind == "text",
        )
        if table.note:
            reading.note(table.note)
        yield from ((row.value, f"{named.source} line {row.line}") for row in table.rows)
        return
    column = columns.text or columns.path
    for line, where in lines_of([named.source], named.encoding):
        yield (line if column is None else _field(line, column, where)), where


def _reopener(source: str) -> Callable[[], Any]:
    if is_rereadable(source):
        return lambda: source
    content = functools.cache(Path(source).read_bytes)
    return lambda: io.BytesIO(content())


def _field(line: str, column: str, where: str) -> str:
    """The text under a name in a line of JSON."""
    try:
        values = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where} is not JSON ({error})", "write an object a line, or name no column") from error
    if not isinstance(values, dict) or not isinstance(values.get(column), str):
        there = map(str, values) if isinstance(values, dict) else ()
        raise InputError(f"{where} has no text under {column!r}", did_you_mean(column, there))
    return values[column]
