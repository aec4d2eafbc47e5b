"""What the model writes, after each validation of its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatework.errors import DivergedError
from gatework.generation.sampling import Sampling
from gatework.generation.text import as_text
from gatework.generation.writing import sample_tokens
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

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Draw a sample, file it and show it."""
        try:
            text = self._sample(trainer)
        except DivergedError as error:  # the next updates will tell whether the training has diverged too
            trainer.note(f"no sample: {error.cause}")
            return
        if trainer.folder is not None:
            heading = f"=== step {row['step']}, epoch {row['epoch']:.2f}, validation loss {row['loss']:.4f} nats\n"
            with storage_errors(trainer.folder.samples), trainer.folder.samples.open("a", encoding="utf-8") as file:
                file.write(heading + text + "\n\n")
        self.show(text)

    def _sample(self, trainer: Trainer) -> str:
        config, model = trainer.config, trainer.model
        tokens = sample_tokens(
            model,
            config.sample_prompt,
            length=config.sample_length,
            seed=config.seed,
            sampling=Sampling(),
            poll=trainer.stop.poll,
        )
        return config.sample_prompt + as_text(model.vocabulary, (int(row[0]) for row in tokens))
