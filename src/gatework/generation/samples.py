"""What the model writes, after each validation of its training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from gatework.errors import DivergedError
from gatework.generation.sampling import Sampling
from gatework.generation.text import as_text
from gatework.generation.writing import sample_tokens
from gatework.models import LanguageModel
from gatework.settings import StreamTraining
from gatework.storage import storage_errors
from gatework.training import Callback, Trainer


class SampleWriter(Callback):
    """Writes a sample into samples.txt after each validation.

    The same seed each time, so that what changes is the model.

    Args:
        show: given each sample too.
    """

    def __init__(self, show: Callable[[str], None] = lambda text: None) -> None:
        self.show = show

    def on_start(self, trainer: Trainer) -> None:
        """Check the prompt before any time is spent; draw the sample that a stop while it was drawn left out."""
        if not _settings(trainer).sample_length:
            return
        self._tokens(trainer)
        if trainer.rows and trainer.position.validated_step == trainer.position.step:
            last = trainer.rows[-1]
            if not _is_filed(trainer, last):
                self.on_validation(trainer, last)

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Draw a sample, file it, unless it was before a resume, and show it."""
        if not _settings(trainer).sample_length:
            return
        try:
            text = self._sample(trainer)
        except DivergedError as error:  # the next updates will tell whether the training has diverged too
            trainer.note(f"no sample: {error.cause}")
            return
        if trainer.folder is not None and not _is_filed(trainer, row):
            with storage_errors(trainer.folder.samples), trainer.folder.samples.open("a", encoding="utf-8") as file:
                file.write(_heading(row) + text + "\n\n")
        self.show(text)

    def _sample(self, trainer: Trainer) -> str:
        symbols = (int(row[0]) for row in self._tokens(trainer))
        return _settings(trainer).sample_prompt + as_text(_model(trainer).vocabulary, symbols)

    def _tokens(self, trainer: Trainer) -> Iterator[Tensor]:
        config = _settings(trainer)
        return sample_tokens(
            _model(trainer),
            config.sample_prompt,
            length=config.sample_length,
            seed=config.seed,
            sampling=Sampling(),
            poll=trainer.stop.poll,
        )


def _settings(trainer: Trainer) -> StreamTraining:
    assert isinstance(trainer.config, StreamTraining)
    return trainer.config


def _model(trainer: Trainer) -> LanguageModel:
    assert isinstance(trainer.model, LanguageModel)
    return trainer.model


def _heading(row: dict[str, Any]) -> str:
    kind = "validation" if row["kind"] == "validation" else "training"
    return f"=== step {row['step']}, epoch {row['epoch']:.2f}, {kind} loss {row['loss']:.4f} nats\n"


def _is_filed(trainer: Trainer, row: dict[str, Any]) -> bool:
    samples = None if trainer.folder is None else trainer.folder.samples
    if samples is None or not samples.exists():
        return False
    return _heading(row) in samples.read_text(encoding="utf-8")
