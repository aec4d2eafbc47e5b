"""A language model on the first characters of a text, trained with settings that a search chose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gatework.data import load_corpus
from gatework.models import LanguageModel
from gatework.settings import CorpusConfig, LanguageModelConfig, StreamTraining, checked
from gatework.studies.search import Judge, Space
from gatework.studies.search.space import Values
from gatework.studies.sizes import parameter_count
from gatework.studies.trials import Settings
from gatework.tasks import find_task
from gatework.training import Callback, Trainer

VALIDATIONS = 6
EMBEDDING = 16


class SearchedLanguage:
    """The objective of a search: a tenth of the characters judges, another tenth tells how good the choice was.

    Args:
        space: what is chosen.
        settings: ``cell``, ``characters``, ``updates`` and ``seed``.
        text: the file.
        place: an empty folder for the part that is read.

    Attributes:
        updates: made so far, those of trainings that ended early among them.
    """

    def __init__(self, space: Space, settings: Settings, text: Path, place: Path) -> None:
        part = place / text.name
        part.write_text(text.read_text(encoding="utf-8")[: settings["characters"]], encoding="utf-8")
        self.space = space
        self.settings = settings
        self.corpus = load_corpus(CorpusConfig(sources=[str(part)], validation=0.1, test=0.1))
        self.updates = 0

    def __call__(self, values: Values, judge: Judge) -> tuple[float, dict[str, Any]]:
        """Train; the best validation loss, the ``test`` loss of that model, and its ``parameters``."""
        trainer = self._trainer(values)
        trainer.callbacks = [_Told(judge)]
        try:
            outcome = trainer.fit()
        finally:
            self.updates += trainer.position.step
        assert outcome.validation is not None
        test = find_task("language").score(trainer.model, self.corpus, "test", name=self.corpus.name)
        return outcome.validation.loss, {"test": test.loss, "parameters": parameter_count(trainer.model)}

    def _trainer(self, values: Values) -> Trainer:
        placed, updates, seed = self.space.placed(values), self.settings["updates"], self.settings["seed"]
        own = {"steps": updates, "validate_every": max(1, updates // VALIDATIONS), "seed": seed, "device": "cpu"}
        how = {"optimizer": "nesterov", "warmup": 10, "batch": 16, **own, **placed.get("training", {})}
        shape = {"cell": self.settings["cell"], "embedding_size": EMBEDDING, **placed.get("model", {})}
        torch.manual_seed(seed)
        model = LanguageModel(checked(LanguageModelConfig, shape), self.corpus.vocabulary)
        return Trainer(model, self.corpus, checked(StreamTraining, how))


class _Told(Callback):
    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Pass the loss on."""
        self._judge(row["loss"])
