"""The cells of the study of long lags: some are told, as they start, how long a memory the task needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatework.studies.networks import StepReader
from gatework.studies.sources.sequences import SequenceTask

CELLS: dict[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
    "elman": ("elman", lambda length: {}),
    "orthogonal": ("elman", lambda length: {"activation": "identity", "init": "glorot"}),
    "irnn": ("irnn", lambda length: {}),
    "lstm": ("lstm", lambda length: {}),
    "peephole lstm": ("peephole-lstm", lambda length: {}),
    "chrono lstm": ("lstm", lambda length: {"chrono": length}),
    "gru": ("gru", lambda length: {}),
    "lru": ("lru", lambda length: {"min_radius": 1 - 1 / length, "max_radius": 1 - 0.1 / length}),
    "lem": ("lem", lambda length: {}),
}
"""Name in the report -> the cell, and its options for sequences of a length."""


def make_reader(cell: str, task: SequenceTask, length: int, hidden: int) -> StepReader:
    """A network with a cell of this study, for a task of a length."""
    kind, options = CELLS[cell]
    return StepReader(kind, task.inputs, hidden, task.outputs, **options(length))
