"""The task of a translation model: a sequence for a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.data.language_pair import LanguagePair
from gatework.data.translated import load_translated
from gatework.models.translate import TranslationModel
from gatework.settings import DataConfig
from gatework.settings.tasks.translate import TranslationData
from gatework.tasks.example_task import ExampleTask
from gatework.tasks.task import Progress


class TranslateTask(ExampleTask[TranslationModel]):
    """A sequence in, a sequence out."""

    name = "translate"
    model = TranslationModel

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Dataset[Any, Any]:
        """Read pairs of texts."""
        assert isinstance(config, TranslationData)
        assert codec is None or isinstance(codec, LanguagePair)
        return load_translated(config, progress=progress, keep=keep, codec=codec)


TASK = TranslateTask()
