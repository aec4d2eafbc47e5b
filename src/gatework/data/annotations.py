"""Files with a text to each: recordings with transcripts, pictures with captions; a table says which is whose."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gatework.errors import InputError, did_you_mean

DELIMITERS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*DELIMITERS, ".jsonl")
PATH_COLUMNS = ("path", "file", "file_name", "filename", "audio", "wav", "recording", "image", "picture")
TEXT_COLUMNS = ("text", "transcript", "transcription", "sentence", "words", "caption", "label")


class Annotation(NamedTuple):
    """A file and the text that belongs to it."""

    path: Path
    text: str


def read_annotations(
    source: str | Path, *, path_column: str | None = None, text_column: str | None = None
) -> list[Annotation]:
    """Read the table that says which text belongs to which file.

    Args:
        source: a table with named columns (.csv, .tsv, .jsonl), or a folder that holds one; the files that it names
            are looked for beside it.
        path_column: the column of files; by default the first that is called path, file, audio, image or the like.
        text_column: the column of texts; by default the first that is called text, transcript, caption or the like.

    Raises:
        InputError: there is no such table or column, a row is incomplete, a named file does not exist.
    """
    table = _table(Path(source))
    annotations = []
    for line, values in _rows(table):
        path_column = path_column or _chosen(table, tuple(values), PATH_COLUMNS, "files", "path_column")
        text_column = text_column or _chosen(table, tuple(values), TEXT_COLUMNS, "texts", "text_column")
        name, text = (_value(table, line, values, column) for column in (path_column, text_column))
        path = table.parent / name
        if not path.is_file():
            raise InputError(f"{table} line {line}: there is no file {path}", "correct the name or add the file")
        annotations.append(Annotation(path, text))
    if not annotations:
        raise InputError(f"{table} has no rows", "give a row to each file")
    return annotations


def _table(source: Path) -> Path:
    if not source.is_dir():
        if source.suffix.lower() not in SUFFIXES:
            raise InputError(f"{source} is no table", f"give a folder or a file in {', '.join(SUFFIXES)}")
        return source
    tables = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    if len(tables) != 1:
        found = ", ".join(path.name for path in tables)
        raise InputError(
            f"{source} holds several tables ({found})" if tables else f"{source} holds no table",
            "name the table of files and texts" if tables else "put a table of files and texts in it (text.csv)",
        )
    return tables[0]


def _rows(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a table with the lines that they end in."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            if table.suffix.lower() == ".jsonl":
                for line, text in enumerate(file, 1):
                    if text.strip():
                        yield line, _object(table, line, text)
            else:
                reader = csv.DictReader(file, delimiter=DELIMITERS[table.suffix.lower()], strict=True)
                for values in reader:
                    yield reader.line_num, values
    except OSError as error:
        raise InputError(f"cannot read {table} ({error.strerror or error})", "check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{table} is not UTF-8 ({error.reason})", "save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{table} line {reader.line_num} cannot be read ({error})", "close its quotes") from error


def _object(table: Path, line: int, text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InputError(f"{table} line {line} is not JSON ({error})", "write one object a line") from error
    if not isinstance(values, dict):
        raise InputError(f"{table} line {line} is JSON but no object", "write one object a line")
    return values


def _chosen(table: Path, columns: Sequence[str], known: Sequence[str], what: str, option: str) -> str:
    found = [column for column in columns if column is not None and column.strip().lower() in known]
    if not found:
        there = ", ".join(repr(column) for column in columns)
        raise InputError(f"{table} has no column of {what} among {there}", f"say which it is ({option})")
    return found[0]


def _value(table: Path, line: int, values: dict[str, Any], column: str) -> str:
    if column not in values:
        raise InputError(f"{table} line {line} has no column {column!r}", did_you_mean(column, map(str, values)))
    value = values[column]
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{table} line {line} has nothing under {column!r}", "complete the row or take it out")
    return value.strip()
