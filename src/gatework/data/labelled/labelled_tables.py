"""Tables with a column of texts or recordings and a column of labels; which is which is seen where nobody says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from gatework.data.files.column_names import LABEL, PATH, TEXT
from gatework.data.files.lines import Source
from gatework.data.files.tables import Row, Table, missing_column, read_table
from gatework.errors import InputError

LOOKED_AT = 1000
"""So many rows of a table without a header say which column is what, where labels are known."""
Reopen: TypeAlias = Callable[[], Source]
"""Gives the table's bytes from their beginning."""


class Columns(NamedTuple):
    """The names of columns, None where they are to be seen from the table."""

    text: str | None = None
    label: str | None = None
    path: str | None = None


class LabelledRow(NamedTuple):
    """A row: a text, or the path of a recording as it is written; its label, empty if not asked for; its line."""

    value: str
    label: str
    line: int


class LabelledTable(NamedTuple):
    """A table that was understood.

    Attributes:
        rows: its rows, read as they are asked for.
        paths: whether they hold paths of recordings and not texts.
        note: what was guessed and may be wrong; empty if nothing was.
    """

    rows: Iterator[LabelledRow]
    paths: bool
    note: str = ""


def read_labelled_table(
    reopen: Reopen,
    columns: Columns,
    *,
    encoding: str = "utf-8",
    name: str | None = None,
    labelled: bool = True,
    labels: Collection[str] = (),
    texts: bool = False,
) -> LabelledTable:
    """Understand a table and read it.

    A column that is not named is the first whose name is one of the usual ones. A table of two columns, neither of
    a usual name, has no header: its labels are in the column in which fewer values differ. If the first row's label
    occurs in no other row, that row is a header after all. Where labels are known, they are what is looked for.

    Args:
        reopen: gives the table.
        columns: names of columns.
        encoding: of the text.
        name: what messages call it.
        labelled: whether labels are read.
        labels: those that a model knows.
        texts: whether texts are wanted, whatever files the table also names.

    Raises:
        InputError: a column that was named does not exist, or none has a usual name; while reading, as ``read_table``,
            or a row has no text or label.
    """
    table = read_table(reopen(), encoding=encoding)
    name = name or table.name
    if _without_header(table, columns):
        bare = read_table(reopen(), encoding=encoding, header=False)
        if bare.columns != table.columns:  # those of JSON are never numbers
            return _numbered(bare, columns, name, labelled, frozenset(labels))
    label = LABEL.choose(name, table.columns, columns.label) if labelled else None
    path = columns.path or PATH.find(table.columns)
    if columns.text is None and path is not None and path != label and not texts:
        return LabelledTable(_checked(table, name, PATH.choose(name, table.columns, path), label), True)
    unread = label if labelled or len(table.columns) == 1 else LABEL.find(table.columns)
    left = [column for column in table.columns if column != unread]
    only = left[0] if len(left) == 1 else None  # no doubt
    text = TEXT.choose(name, table.columns, columns.text or only, among=left)
    return LabelledTable(_checked(table, name, text, label), False)


def _without_header(table: Table, columns: Columns) -> bool:
    named = [column for column in columns if column is not None]
    if named:
        return all(column.isdecimal() and column not in table.columns for column in named)
    return len(table.columns) == 2 and not any(role.find(table.columns) for role in (TEXT, LABEL, PATH))


def _numbered(table: Table, columns: Columns, name: str, labelled: bool, known: Collection[str]) -> LabelledTable:
    """A table whose first row may be an example too."""
    more = iter(table)
    rows = list(itertools.islice(more, LOOKED_AT if known else None))
    text, label = _which(rows, table.columns, columns, known)
    for wanted in (text, *([label] if labelled else [])):
        if wanted not in table.columns:
            raise missing_column(name, wanted, table.columns)
    header = text != label and _has_header([row.values[label].strip() for row in rows], known)
    first = "its first row is taken for a header" if header else "it has no header"
    note = f"{name}: {first}, column {text} for texts" + (f", {label} for labels" if labelled else "")
    every = itertools.chain(rows[1:] if header else rows, more)
    return LabelledTable(_checked(every, name, text, label if labelled else None), False, note)


def _has_header(labels: Sequence[str], known: Collection[str]) -> bool:
    """Whether the first of the labels is none: not known where others are, or unlike all others."""
    if any(label in known for label in labels):
        return labels[0] not in known
    return len(labels) > 2 and labels[0] not in labels[1:] and len(set(labels)) < len(labels)


def _which(rows: Sequence[Row], numbered: Sequence[str], columns: Columns, known: Collection[str]) -> tuple[str, str]:
    """The columns of texts and labels: as named, one being the other of the first two; or labels are what is known.

    Where nothing is known they are what differs less.
    """
    first, second = numbered[0], numbered[min(1, len(numbered) - 1)]
    if columns.label or columns.text:
        label = columns.label or (first if columns.text == second else second)
        return columns.text or (first if label == second else second), label
    found = [sum(row.values[column].strip() in known for row in rows) for column in (first, second)]
    different = [len({row.values[column] for row in rows}) for column in (first, second)]
    return (second, first) if (-found[0], different[0]) < (-found[1], different[1]) else (first, second)


def _checked(rows: Iterable[Row], name: str, value: str, label: str | None) -> Iterator[LabelledRow]:
    for row in rows:
        where = f"{name} line {row.line}"
        text = row.values.get(value)
        if not isinstance(text, str):
            raise InputError(f"{where} has no text under {value!r}", "give it one, if only an empty one")
        yield LabelledRow(text, "" if label is None else _label(row.values.get(label), label, where), row.line)


def _label(value: Any, column: str, where: str) -> str:
    """A label as text: numbers and truth values of JSON are written as JSON writes them."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if not text:
        raise InputError(f"{where} has no label under {column!r}", "label it or leave it out")
    return text
