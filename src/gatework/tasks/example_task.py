"""What tasks on separate examples have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from gatework.data.dataset import Dataset
from gatework.data.files.lines import numbered_lines, source_name
from gatework.errors import GateworkError, InputError
from gatework.models.model import ExampleModel
from gatework.settings import STANDARD_INPUT
from gatework.tasks.answers import AnswerWriter, CurveWriter
from gatework.tasks.describing import how_line, model_line
from gatework.tasks.task import Answer, Task
from gatework.training import Callback, Outcome, Score, Trainer, measure
from gatework.training.examples import ExampleObjective

ExampleModelKind = TypeVar("ExampleModelKind", bound=ExampleModel)
Chunk = TypeVar("Chunk")


class ExampleTask(Task[ExampleModelKind, Dataset], Generic[ExampleModelKind]):
    """A task whose data are separate examples; a subclass loads them and answers."""

    def callbacks(self, show: Callable[[str], None]) -> list[Callback]:
        """Answers to a few held-out examples after each validation, and curves at the end."""
        return [AnswerWriter(self.show, show), CurveWriter(self)]

    def show(self, model: ExampleModelKind, examples: Sequence[Any]) -> str:
        """What a model answers to examples, beside what is right, as one reads it; empty to show nothing."""
        return ""

    def describe(self, trainer: Trainer) -> list[str]:
        """Data, model, method, how much of the batches is padding, and what is to be known of the data."""
        data, objective = trainer.data, trainer.objective
        assert isinstance(data, Dataset)
        assert isinstance(objective, ExampleObjective)
        lengths = objective.buckets.lengths
        return [
            f"data    {data.name}: training {len(data.train):,}, validation {len(data.validation):,}, "
            f"test {len(data.test):,}; {int(lengths.min())} to {int(lengths.max())} steps",
            model_line(trainer, int(lengths.max())),
            how_line(
                trainer,
                f"batches of {trainer.config.batch} ({objective.buckets.waste():.0%} of their steps are padding)",
            ),
            *(f"note    {note}" for note in data.notes),
        ]

    def next_commands(self, trainer: Trainer, outcome: Outcome) -> list[list[str]]:
        """Measure, answer, draw."""
        data = trainer.data
        assert isinstance(data, Dataset)
        part = "validation" if data.validation else "train"
        chosen = "test" if data.test else part
        return [["evaluate", "RUN", "--part", chosen], ["predict", "RUN", "INPUT"], ["plot", "RUN"]]

    def score(
        self,
        model: ExampleModelKind,
        data: Dataset,
        part: str,
        *,
        name: str,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Score:
        """Measure all examples of a part."""
        examples = getattr(data, part)
        if not examples:
            raise InputError(f"the {name} is empty", "choose another --part, or give data")
        return measure(model, examples, poll=poll, progress=progress)

    def score_lines(self, model: ExampleModelKind, score: Score, name: str) -> list[str]:
        """Loss and figures."""
        return [f"{name}: {score.count:,} {model.unit}s", self.headline(model, score)]

    def score_record(self, model: ExampleModelKind, score: Score, name: str) -> Answer:
        """Loss and figures."""
        return {"data": name, "unit": model.unit, "count": score.count, "loss": score.loss, **score.figures}


def chunks(inputs: Iterable[Chunk], size: int) -> Iterator[list[Chunk]]:
    """Inputs a few at a time, as they come; those before one that cannot be read come before its error."""
    waiting: list[Chunk] = []
    try:
        for one in inputs:
            waiting.append(one)
            if len(waiting) == size:
                yield waiting
                waiting = []
    except GateworkError:
        if waiting:
            yield waiting
        raise
    if waiting:
        yield waiting


def lines_of(sources: Sequence[str], encoding: str) -> Iterator[tuple[str, str]]:
    """The lines of files without their ends, each with where it stands; standard input for ``-`` or nothing.

    Raises:
        InputError: a file cannot be read or is no text of this encoding.
    """
    for source in sources or [STANDARD_INPUT]:
        for number, line in numbered_lines(source, encoding):
            yield line, f"{source_name(source)}, line {number}"
