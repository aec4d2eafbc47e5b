"""Files with a text to each: recordings with transcripts, pictures with captions; a table says which is whose."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from gatework.data.files.column_names import PATH, SAID
from gatework.data.files.lines import suffix_of
from gatework.data.files.tables import SUFFIXES, Table, read_table, select
from gatework.errors import InputError


class Annotation(NamedTuple):
    """A file and the text that belongs to it."""

    path: Path
    text: str


def read_annotations(
    source: str | Path,
    *,
    path_column: str | None = None,
    text_column: str | None = None,
    encoding: str = "utf-8",
) -> list[Annotation]:
    """Read the table that says which text belongs to which file.

    Args:
        source: a table with named columns (CSV, TSV, JSON Lines), or a folder that holds one; the files that it names
            are looked for beside it.
        path_column: the column of files; by default the first that is called path, file, audio, image or the like.
        text_column: the column of texts; by default the first that is called text, transcript, caption or the like.
        encoding: of the table.

    Raises:
        InputError: there is no such table or column, a row is incomplete, a named file does not exist.
    """
    path = table_path(Path(source))
    table = read_table(path, encoding=encoding)
    names = (
        PATH.choose(table.name, table.columns, path_column),
        SAID.choose(table.name, table.columns, text_column),
    )
    annotations = []
    for line, values in select(table, names):
        file, text = (_filled(value, name, table, line) for value, name in zip(values, names, strict=True))
        if not (path.parent / file).is_file():
            raise InputError(f"{path} line {line}: there is no file {path.parent / file}", "correct the name")
        annotations.append(Annotation(path.parent / file, text))
    if not annotations:
        raise InputError(f"{path} has no rows", "give a row to each file")
    return annotations


def table_path(source: Path) -> Path:
    """The table itself, or the one in a folder.

    Raises:
        InputError: a folder holds none, or several.
    """
    if not source.is_dir():
        return source
    tables = sorted(path for path in source.iterdir() if suffix_of(path) in SUFFIXES)
    if len(tables) > 1:
        found = ", ".join(path.name for path in tables)
        raise InputError(f"{source} holds several tables ({found})", "name the table of files and texts")
    if not tables:
        raise InputError(f"{source} holds no table", "put a table of files and texts in it (text.csv)")
    return tables[0]


def _filled(value: Any, name: str, table: Table, line: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{table.name} line {line} has nothing under {name!r}", "complete the row or take it out")
    return value.strip()
