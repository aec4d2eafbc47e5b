"""What a training on examples shows and leaves: answers to held-out examples, and its curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gatework.data.dataset import Dataset
from gatework.insight import plot_curves
from gatework.settings import ExampleTraining
from gatework.storage import storage_errors
from gatework.tasks.task import Task
from gatework.training import Callback, Outcome, Trainer


class AnswerWriter(Callback):
    """Writes answers to the first held-out examples into samples.txt after each validation.

    Args:
        answers: makes the text from the model, in evaluation mode, and examples.
        show: given each text too.
    """

    def __init__(self, answers: Callable[[Any, Sequence[Any]], str], show: Callable[[str], None]) -> None:
        self.answers = answers
        self.show = show

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Answer, file it unless it was before a resume, and show it."""
        data, config = trainer.data, trainer.config
        assert isinstance(data, Dataset)
        assert isinstance(config, ExampleTraining)
        examples = (data.validation or data.train)[: config.show]
        if not examples:
            return
        trainer.model.eval()
        text = self.answers(trainer.model, examples)
        trainer.model.train()
        if not text:
            return
        heading = f"=== step {row['step']}, epoch {row['epoch']:.2f}, {row['kind']} loss {row['loss']:.4f}\n"
        if trainer.folder is not None:
            samples = trainer.folder.samples
            if not samples.exists() or heading not in samples.read_text(encoding="utf-8"):
                with storage_errors(samples), samples.open("a", encoding="utf-8") as file:
                    file.write(f"{heading}{text}\n\n")
        self.show(text)


class CurveWriter(Callback):
    """Draws ``plots/loss.png`` and the task's own pictures when a training ends."""

    def __init__(self, task: Task[Any, Any]) -> None:
        self.task = task

    def on_end(self, trainer: Trainer, outcome: Outcome) -> None:
        """Draw them."""
        if trainer.folder is None:
            return
        plots = trainer.folder.plots
        plot_curves(outcome.rows, plots / "loss.png", title=trainer.folder.path.name)
        self.task.pictures(trainer.model, trainer.data, plots)
