"""What columns of tables are usually called: how one is found where nobody names it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gatework.data.files.tables import missing_column
from gatework.errors import InputError


class Role(NamedTuple):
    """What a column is for.

    Attributes:
        what: it holds, for messages.
        option: that names it, for messages.
        usual: names by which it is known, in small letters.
    """

    what: str
    option: str
    usual: tuple[str, ...]

    def is_usual(self, column: str) -> bool:
        """Whether a column has one of the usual names, in letters of any size."""
        return column.strip().lower() in self.usual

    def find(self, columns: Sequence[str]) -> str | None:
        """The first column of a usual name, if there is one."""
        return next((column for column in columns if self.is_usual(column)), None)

    def choose(
        self, table: str, columns: Sequence[str], given: str | None = None, among: Sequence[str] | None = None
    ) -> str:
        """The column that was named, else the first of a usual name.

        Args:
            table: what messages call it.
            columns: those it has.
            given: the name that the user gave.
            among: where to look if none was given; all columns unless said.

        Raises:
            InputError: there is no such column, or none of a usual name.
        """
        if given is not None:
            if given not in columns:
                raise missing_column(table, given, columns)
            return given
        found = self.find(columns if among is None else among)
        if found is None:
            there = ", ".join(map(repr, columns))
            raise InputError(f"{table} has no column of {self.what} among {there}", f"say which it is: {self.option}")
        return found


_TEXTS = ("text", "sentence", "review", "comment", "message", "document", "title", "tweet")
_CLASSES = ("label", "labels", "class", "category", "target", "sentiment", "polarity", "intent", "tag")

TEXT = Role("texts", "--text-column", (*_TEXTS, "content", "name", "input"))
LABEL = Role("labels", "--label-column", (*_CLASSES, "language"))
SURE_TEXT, SURE_LABEL = TEXT._replace(usual=_TEXTS), LABEL._replace(usual=_CLASSES)
"""Names that say by themselves what a table is for; the others only where one knows that it has texts and labels."""

PATH = Role(
    "files",
    "--path-column",
    ("path", "file", "file_name", "filename", "audio", "wav", "recording", "image", "picture"),
)
SAID = Role("texts", "--text-column", ("text", "transcript", "transcription", "sentence", "words", "caption", "label"))
"""What belongs to a file: the transcript of a recording, the caption of a picture."""

SOURCE = Role("sources", "--source-column", ("source", "src"))
TARGET = Role("targets", "--target-column", ("target", "tgt", "translation"))

TIME = Role(
    "times",
    "--time-column",
    ("time", "date", "datetime", "timestamp", "ds", "year", "month", "day", "hour", "step", "t"),
)
ROW = Role("numbers of rows", "--time-column", ("index", "column 1"))
"""The first column of a file that pandas wrote has no name, and is called so."""
