"""One training of a comparison: a model is made, trained and judged; its figures, course, speed and a sample."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from gatework.settings import RunConfig, StreamTraining, checked
from gatework.studies.sizes import parameter_count
from gatework.studies.trials import Measured
from gatework.tasks import ExampleTask, Task, find_task
from gatework.tasks.building import trainer_of

POINTS = 60
"""Points of a course that are kept."""
SAMPLE_LENGTH = 240
SAMPLE_LINES = 8
EXAMPLES = 2

Rows = Sequence[dict[str, Any]]


def train_and_measure(config: RunConfig, data: Any, part: str) -> Measured:
    """Train a model and measure the parameters that were best on the validation part.

    Args:
        config: all of it.
        data: what its data section names.
        part: which part judges.

    Returns:
        Each figure by its name, the names as ``figures``; ``rank`` of the best validation, lowest being best, None
        where there is no validation part; ``parameters``, ``updates``, ``training_seconds`` (validations included);
        ``train`` and ``validation``, lists of (update, seconds, loss); ``sample``, lines.

    Raises:
        InputError: the configuration does not fit the data.
        DivergedError: a loss is no finite number.
        Interrupted: Ctrl-C or SIGTERM came.
    """
    task = find_task(config.task)
    config, trainer = trainer_of(task, config, data)
    outcome = trainer.fit()
    figures = figures_of(task, trainer.model, data, part)
    return {
        **figures,
        "figures": list(figures),
        "rank": None if outcome.validation is None else outcome.validation.rank,
        "parameters": parameter_count(trainer.model),
        "updates": outcome.steps,
        "training_seconds": outcome.seconds,
        **{kind: course(outcome.rows, kind) for kind in ("train", "validation")},
        "sample": sample(task, config, trainer.model, data, part),
    }


def figures_of(task: Task[Any, Any], model: Any, data: Any, part: str) -> dict[str, float | None]:
    """The loss on a part and whatever else the task measures; None for what is no finite number."""
    score = task.score(model, data, part, name=f"{part} part of {data.name}")
    record = task.score_record(model, score, data.name)
    found = {name: value for name, value in record.items() if isinstance(value, float)}
    others = {name: value for name, value in found.items() if value != score.loss}  # it may have another name
    return {name: _finite(value) for name, value in {"loss": score.loss, **others}.items()}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def course(rows: Rows, kind: str) -> list[list[float]]:
    """Update, seconds and loss of the rows of a kind; of many rows the means of stretches."""
    points = [(row["step"], row["wall_seconds"], row["loss"]) for row in rows if row["kind"] == kind]
    length = max(1, math.ceil(len(points) / POINTS))
    stretches = [points[first : first + length] for first in range(0, len(points), length)]
    return [[round(statistics.fmean(column), 5) for column in zip(*some, strict=True)] for some in stretches]


def sample(task: Task[Any, Any], config: RunConfig, model: Any, data: Any, part: str) -> list[str]:
    """A few lines that the model writes, or of answers to held-out examples."""
    kind = task.settings.generation
    if kind is not None:
        told: list[str] = []
        options: dict[str, Any] = {"length": SAMPLE_LENGTH, "seed": 1}
        if "samples" in kind.model_fields:
            options["samples"] = 1
        if isinstance(config.training, StreamTraining):
            options["prompt"] = config.training.sample_prompt
        task.write(model, checked(kind, options), show=told.append)
        text = "".join(told)
    else:
        text = task.show(model, getattr(data, part)[:EXAMPLES]) if isinstance(task, ExampleTask) else ""
    return text.strip("\n").splitlines()[:SAMPLE_LINES]
