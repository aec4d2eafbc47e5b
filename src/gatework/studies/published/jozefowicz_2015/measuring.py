"""What one trial does: a cell that is an expression is compiled, trained on characters and judged on others."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import torch

from gatework.studies.published.jozefowicz_2015.expression_tree import Definitions, TreeCell
from gatework.studies.published.jozefowicz_2015.next_character import CharacterReader, accuracy, learn_characters
from gatework.studies.sizes import equal_size, parameter_count
from gatework.studies.sources.characters import alphabet
from gatework.studies.trials import Measured, Settings


def measure_cell(definitions: Definitions, tasks: Sequence[str], settings: Settings) -> Measured:
    """Compile, train and judge a cell on each task.

    Args:
        definitions: of the cell.
        tasks: their accuracies are measured by their names, losses as ``TASK loss``.
        settings: ``updates``, ``parameters``, ``rate``, ``seed``, and ``judged_on``, a part of the streams.

    Returns:
        ``compile_seconds``, ``processor_seconds`` of it all, ``parameters`` and ``hidden`` too, the latter two of
        the last task.

    Raises:
        EngineError: the cell cannot be compiled.
        DivergedError: its loss is no finite number.
    """
    measured: Measured = {"compile_seconds": 0.0}
    start = processor_seconds()
    for task in tasks:
        torch.manual_seed(settings["seed"])
        symbols = len(alphabet(task))

        def make(hidden: int, symbols: int = symbols) -> CharacterReader:
            return CharacterReader(TreeCell(symbols, hidden, definitions=definitions))

        model = make(equal_size(make, settings["parameters"]))
        measured["compile_seconds"] += compile_seconds(model)
        learn_characters(model, task, settings["updates"], settings["rate"], settings["seed"])
        measured[task], measured[f"{task} loss"] = accuracy(model, task, settings["judged_on"], settings["seed"])
        measured |= {"parameters": parameter_count(model), "hidden": model.head.in_features}
    return {**measured, "processor_seconds": processor_seconds() - start}


def processor_seconds() -> float:
    """The processor time that this process and its compilers have had: wall time counts what others take, too."""
    return sum(os.times()[:4])


def compile_seconds(model: CharacterReader) -> float:
    """How long a first step forward and backward takes, in which the kernel is built or found."""
    start = time.perf_counter()
    model(torch.zeros(2, 1, dtype=torch.long))[0].sum().backward()
    model.zero_grad()
    return time.perf_counter() - start
