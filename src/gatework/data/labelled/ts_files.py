"""Time series in the ``.ts`` files of the UEA archive and of sktime.

Lines that begin with ``#`` or ``%`` are comments; ``@word ...`` lines describe what follows ``@data``. There, a line
is a case: its dimensions parted by ``:``, the values of each by ``,``, ``?`` where one is missing, and last its class
(``@classLabel true ...``) or number to predict (``@targetLabel true``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gatework.data.files.lines import Source, numbered_lines, source_name
from gatework.errors import InputError

if TYPE_CHECKING:
    import numpy as np

MISSING = frozenset({"?", "nan"})
SWITCHES = {"true": True, "false": False}


class LabelledSeries(NamedTuple):
    """The cases of a ``.ts`` file.

    Attributes:
        series: one (time, channels) float32 array a case, as long as it is; NaN where a value is missing.
        labels: a class, or the text of a number to predict, a case; empty if the file has none.
        classes: those that the file declares, in its order.
        lines: the line of the file of each case, from 1.
    """

    series: list[np.ndarray]
    labels: list[str]
    classes: list[str]
    lines: list[int]


@dataclass
class _Header:
    """What the lines before ``@data`` say."""

    classes: list[str] = field(default_factory=list)
    labelled: bool = False
    numeric: bool = False
    channels: int | None = None
    length: int | None = None
    equal: bool = False


def read_ts(source: Source, *, encoding: str = "utf-8") -> LabelledSeries:
    """Read a ``.ts`` file.

    Args:
        source: a path, ``-`` for standard input, or a stream of bytes; gzip is recognised.
        encoding: of the text.

    Raises:
        InputError: naming the line: a value is no number, dimensions of a case differ in length or cases in
            dimensions, a class was not declared, lengths that should be equal are not, or the values carry time stamps.
    """
    name = source_name(source)
    lines = _no_comments(numbered_lines(source, encoding))
    header = _read_header(lines, name)
    found = LabelledSeries([], [], header.classes, [])
    for line, text in lines:
        where = f"{name} line {line}"
        dimensions = text.split(":")
        if header.labelled:
            found.labels.append(_label(dimensions, header, where))
        found.series.append(_case(dimensions, header, where))
        found.lines.append(line)
    if not found.series:
        raise InputError(f"{name} holds no series", "give a .ts file with a line a series after @data")
    return found


def _no_comments(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    return ((line, text.strip()) for line, text in lines if text.strip() and text.lstrip()[0] not in "#%")


def _read_header(lines: Iterator[tuple[int, str]], name: str) -> _Header:
    header = _Header()
    for line, text in lines:
        word, *values = text.split()
        where = f"{name} line {line}"
        if word.lower() == "@data":
            return header
        if not word.startswith("@"):
            raise InputError(f"{where} comes before @data but begins with {word[:20]!r}", "give a .ts file")
        _read_entry(header, word.lower(), values, where)
    raise InputError(f"{name} has no line @data", "give a .ts file")


def _read_entry(header: _Header, word: str, values: list[str], where: str) -> None:
    match word:
        case "@timestamps":
            if _switch(word, values, where):
                raise InputError(
                    f"{where}: values with time stamps cannot be read", "write values alone, at equal steps"
                )
        case "@classlabel":
            header.labelled, header.classes = _switch(word, values, where), values[1:]
        case "@targetlabel":
            header.labelled = header.numeric = _switch(word, values, where)
        case "@univariate":
            if _switch(word, values, where):
                header.channels = 1
        case "@dimension" | "@dimensions":
            header.channels = _count(word, values, where)
        case "@equallength":
            header.equal = _switch(word, values, where)
        case "@serieslength":
            header.length = _count(word, values, where)
        case _:  # @problemName, @missing and others say nothing about how to read
            return


def _switch(word: str, values: list[str], where: str) -> bool:
    if not values or values[0].lower() not in SWITCHES:
        raise InputError(f"{where}: {word} is neither true nor false", "write one of them after it")
    return SWITCHES[values[0].lower()]


def _count(word: str, values: list[str], where: str) -> int:
    if len(values) != 1 or not values[0].isdecimal() or int(values[0]) == 0:
        raise InputError(f"{where}: {word} is no count", "write a number above 0 after it")
    return int(values[0])


def _label(dimensions: list[str], header: _Header, where: str) -> str:
    """Take the label off the end of a case."""
    label = dimensions.pop().strip()
    if not dimensions:
        raise InputError(f"{where} has values or a label, but not both", "write dimension:dimension:label")
    if header.classes and label not in header.classes:
        raise InputError(f"{where} has the label {label!r}, which @classLabel does not list", "list it, or correct it")
    if header.numeric:
        _number(label, where)
    return label


def _case(dimensions: list[str], header: _Header, where: str) -> np.ndarray:
    import numpy as np

    header.channels = header.channels or len(dimensions)
    if len(dimensions) != header.channels:
        raise InputError(
            f"{where} has {len(dimensions)} dimensions, expected {header.channels}", "give all cases the same"
        )
    channels = [[_number(value, where) for value in dimension.split(",")] for dimension in dimensions]
    lengths = sorted({len(channel) for channel in channels})
    if len(lengths) > 1:
        raise InputError(
            f"{where} has dimensions of {lengths[0]} and of {lengths[-1]} values", "give those of a case equal length"
        )
    if header.equal:
        header.length = header.length or lengths[0]
        if lengths[0] != header.length:
            raise InputError(
                f"{where} has {lengths[0]} steps, not {header.length}", "correct it, or write @equalLength false"
            )
    return np.array(channels, np.float32).T.copy()


def _number(text: str, where: str) -> float:
    text = text.strip()
    if text.lower() in MISSING:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{where} holds {text!r}, which is no number", "write ? where a value is missing")
    return number
