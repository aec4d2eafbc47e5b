"""The rows of benchmarks/tasks.md, task by task."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One training and what is measured of it.

    Attributes:
        data: what the table calls the data.
        asked: the figure to reach, as the table says it.
        train: words after ``gatework train``; ``{data}`` stands for the folder of data sets.
        figure: the name of the figure in the line of JSON that ``gatework evaluate --json`` prints.
        part: which part is measured.
        evaluate: further words after ``gatework evaluate RUN --json``.
        compare: whether the row is repeated with Elman, GRU and LSTM cells of equal parameter count.
    """

    data: str
    asked: str
    train: str
    figure: str
    part: str = "test"
    evaluate: str = ""
    compare: bool = True
