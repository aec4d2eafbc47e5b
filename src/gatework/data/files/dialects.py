"""How a table of delimited text is written: what parts its fields, and whether quotes mean anything."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterable

LARGEST_FIELD = 1 << 26  # characters; what a quote that is never closed may swallow
DELIMITERS = (",", ";", "\t")


class Dialect(NamedTuple):
    """A way of writing rows.

    Attributes:
        delimiter: what parts two fields.
        quotes: whether double quotes enclose fields; if not, they are characters like others.
        padded: whether blanks after a delimiter belong to no field.
    """

    delimiter: str
    quotes: bool = True
    padded: bool = False

    def reader(self, lines: Iterable[str]) -> Reader:
        """Read rows; ``csv.Error`` where quotes do not close."""
        csv.field_size_limit(max(csv.field_size_limit(), LARGEST_FIELD))  # of the process: raised, never lowered
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE
        return csv.reader(lines, delimiter=self.delimiter, quoting=quoting, skipinitialspace=self.padded, strict=True)


class Fit(NamedTuple):
    """How well a dialect fits a sample; the largest fits best."""

    sound: bool
    agreeing: float
    fields: int


def sniff(
    sample: Sequence[str], *, whole: bool, delimiters: Sequence[str], quotes: bool | None, fields: int | None
) -> Dialect:
    """Find the dialect in which the rows of a sample have equally many fields.

    ``csv.Sniffer`` guesses from how often characters occur, so that prose misleads it; here every candidate
    reads the sample, and the rows must agree with the first one.

    Args:
        sample: the first lines of the table.
        whole: whether these are all its lines; else the last row may be cut short.
        delimiters: the candidates.
        quotes: whether quotes enclose fields; None finds out.
        fields: how many fields a row has, where known.
    """
    candidates = [_spoken(sample, delimiter, quotes, whole) for delimiter in delimiters]
    fits = [_fit(sample, candidate, whole, fields) for candidate in candidates]
    parted = [index for index, fit in enumerate(fits) if fit.fields > 1] or range(len(fits))
    return candidates[max(parted, key=lambda index: fits[index])]


def _spoken(sample: Sequence[str], delimiter: str, quotes: bool | None, whole: bool) -> Dialect:
    """Tab-separated text is often written without quoting: quotes count there only if all of them are well formed."""
    padded = delimiter != "\t" and any(f'{delimiter} "' in line for line in sample)
    if quotes is None and delimiter == "\t":
        opening = any(line.startswith('"') or '\t"' in line for line in sample)
        quotes = opening and _fit(sample, Dialect(delimiter), whole, None) >= Fit(True, 1.0, 1)
    return Dialect(delimiter, quotes is not False, padded and quotes is not False)


def _fit(sample: Sequence[str], dialect: Dialect, whole: bool, fields: int | None) -> Fit:
    sizes: list[int] = []
    try:
        sizes.extend(_sizes(sample, dialect, whole))
        sound = True
    except csv.Error:
        sound = False
    expected = fields or (sizes[0] if sizes else 0)
    return Fit(sound, sum(size == expected for size in sizes) / max(len(sizes), 1), expected)


def _sizes(sample: Sequence[str], dialect: Dialect, whole: bool) -> Iterator[int]:
    reader = dialect.reader(sample)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            if not whole and reader.line_num >= len(sample):
                return
            raise
        if row:
            yield len(row)
