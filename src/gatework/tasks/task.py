"""What the command line asks of a task."""

from __future__ import annotations

import abc
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel

from gatework.data import Corpus
from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.errors import InputError
from gatework.models.model import Model
from gatework.settings import DataConfig, GenerationConfig, PredictionConfig, RunConfig, TaskSettings, task_settings
from gatework.training import Callback, Outcome, Score, Trainer

ModelKind = TypeVar("ModelKind", bound=Model)
DataKind = TypeVar("DataKind", bound=Corpus | Dataset)

Progress = Callable[[int, int | None], None]
Answer = dict[str, Any]
"""What a model answers to one input, as it is written in a line of JSON."""


def json_line(answer: Answer) -> str:
    """An answer as a line of JSON, which has no infinite number: what is not finite becomes null."""
    return json.dumps(_finite(answer), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Task(abc.ABC, Generic[ModelKind, DataKind]):
    """One kind of job: from what a user names to data, a model, scores, answers and pictures.

    Attributes:
        name: as in the settings.
        model: what is trained.
        data_word: what the data are called in messages: "text", "data".
    """

    name: ClassVar[str]
    model: ClassVar[type[Model]]
    data_word: ClassVar[str] = "data"

    @property
    def settings(self) -> TaskSettings:
        """What a user can set."""
        return task_settings(self.name)

    # ---- training

    @abc.abstractmethod
    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> DataKind:
        """Read, divide and encode data.

        Args:
            config: of the class in the settings: which data, and how.
            progress: told how much was read and, where known, how much there is.
            keep: where to keep what standard input gave, so that it can be read again.
            codec: use that of a trained model instead of making one.

        Raises:
            InputError: they cannot be read, or are not what the task needs.
        """

    def settled(self, config: RunConfig, data: DataKind) -> RunConfig:
        """The settings with what the user left open chosen by the data; kept with the run.

        Raises:
            InputError: a setting does not fit the data.
        """
        return config

    def build(self, config: BaseModel, data: DataKind) -> ModelKind:
        """A fresh model for the data."""
        return self.model(config, data.codec)  # type: ignore[return-value]

    def activations(self, config: RunConfig, data: DataKind) -> int:
        """Numbers that are kept for the gradient of one update, at the least."""
        return 0

    def check(self, trainer: Trainer) -> None:
        """Check what can be checked before anything is written.

        Raises:
            InputError: a setting does not fit the data.
        """

    def callbacks(self, show: Callable[[str], None]) -> list[Callback]:
        """What a training leaves beside its numbers: samples, which ``show`` is given too, and pictures."""
        return []

    @abc.abstractmethod
    def describe(self, trainer: Trainer) -> list[str]:
        """Data, model and method in a few lines, before the first update."""

    def closing(self, trainer: Trainer) -> tuple[str, str]:
        """A heading and a text that show what the model does now; empty where there is nothing to show."""
        return "", ""

    def next_commands(self, trainer: Trainer, outcome: Outcome) -> list[list[str]]:
        """Commands to go on with, as words after ``gatework``; RUN stands for the run."""
        return [["evaluate", "RUN"]]

    # ---- a trained model

    def reading(self, model: ModelKind) -> dict[str, Any]:
        """Settings of the data that a trained model implies, such as its level."""
        return {}

    def units(self, model: ModelKind) -> tuple[str, str]:
        """What is counted, in full and short: ("character", "char")."""
        return "example", "example"

    @abc.abstractmethod
    def score(
        self,
        model: ModelKind,
        data: DataKind,
        part: str,
        *,
        name: str,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Score:
        """Measure a model on a part ("train", "validation", "test") of data; ``name`` is what errors call it.

        Raises:
            InputError: the part is empty.
        """

    @abc.abstractmethod
    def score_lines(self, model: ModelKind, score: Score, name: str) -> list[str]:
        """A score as one reads it."""

    @abc.abstractmethod
    def score_record(self, model: ModelKind, score: Score, name: str) -> Answer:
        """A score as a line of JSON."""

    def answering(self, options: PredictionConfig) -> Self:
        """The same task, measuring answers that are made with these options.

        Raises:
            InputError: what it measures are no answers.
        """
        raise InputError(f"a {self.name} model is not measured by answers that have options", "leave them out")

    def headline(self, model: ModelKind, score: Score) -> str:
        """A score in a few words: "loss 1.23 nats"."""
        figures = "".join(f", {name.replace('_', ' ')} {value:.4f}" for name, value in score.figures.items())
        return f"loss {score.loss:.4f}{figures}"

    def notes(self, model: ModelKind, score: Score) -> Sequence[str]:
        """What a user should know of a score."""
        return ()

    def inputs(self, sources: Sequence[str], encoding: str) -> Iterator[Any]:
        """What ``answer`` reads, one by one, from what a user names; standard input where nothing is named.

        Raises:
            InputError: it cannot be read.
        """
        raise InputError(f"a {self.name} model answers no questions", "see `gatework --help` for what it does")

    def answer(
        self,
        model: ModelKind,
        inputs: Iterable[Any],
        options: PredictionConfig,
        note: Callable[[str], None] = lambda text: None,
    ) -> Iterator[Answer]:
        """The answers to inputs, as they come; ``note`` is told what the user should know of the inputs."""
        raise InputError(f"a {self.name} model answers no questions", "see `gatework --help` for what it does")

    def as_text(self, answer: Answer) -> str:
        """An answer as one reads it."""
        return "\t".join(str(value) for value in answer.values())

    def write(
        self,
        model: ModelKind,
        options: GenerationConfig,
        *,
        show: Callable[[str], None],
        note: Callable[[str], None] = lambda text: None,
        poll: Callable[[], None] = lambda: None,
    ) -> None:
        """Let the model write; ``show`` is given text as it is drawn.

        Args:
            model: the writer.
            options: of the class in the settings.
            show: called often, with a few characters.
            note: told what the user should know of what was written.
            poll: called before each step; what it raises comes out once all that was drawn is shown.

        Raises:
            InputError: an option is out of range.
        """
        raise InputError(f"a {self.name} model writes nothing", "see `gatework --help` for what it does")

    def pictures(self, model: ModelKind, data: DataKind, folder: Path, *, layer: int = 0) -> list[Path]:
        """Draw what the model does with held-out data; the paths of the pictures."""
        return []
