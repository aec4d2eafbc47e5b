"""Text of a given kind: data, model, training and what is written. Field descriptions are the command line's help."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from gatework.settings.data import ExampleData
from gatework.settings.generation import GenerationConfig, Prompt, Samples, Seed, Temperature, TopK, TopP
from gatework.settings.recurrent import Dropout, EmbeddingSize, HiddenSize, LabelSmoothing, RecurrentConfig
from gatework.settings.task import TaskSettings
from gatework.settings.training import Batch, ExampleTraining, Patience


class ConditionalData(ExampleData):
    """Texts, each with a label or a mixture of topics."""

    level: Literal["character", "word", "token"] = Field(
        "character", description="What the model reads and writes one of at a time."
    )
    lower: bool = Field(False, description="Make all letters small.")
    min_count: int = Field(1, ge=1, description="Rarer characters or words become unknown.")
    max_vocabulary: int | None = Field(
        None, ge=3, description="Most characters or words to know, the special ones included."
    )
    text_column: str | None = Field(None, description="Column of a table that holds the text; `text` unless given.")
    label_column: str | None = Field(None, description="Column of a table that holds the label; `label` unless given.")


class ConditionalConfig(RecurrentConfig):
    """A language model that is told what kind of text to write."""

    hidden_size: HiddenSize = 192
    embedding_size: EmbeddingSize = 48
    dropout: Dropout = 0.2
    label_smoothing: LabelSmoothing = 0.0
    condition: Literal["state", "input", "both"] = Field(
        "both", description="Where the kind of text enters: into the initial state, into every input, or both."
    )
    condition_size: int = Field(32, ge=1, le=65536, description="Width of the learned vector of a label or topic.")


class ConditionalTraining(ExampleTraining):
    """Training on whole texts."""

    usual_epochs: ClassVar[float] = 15.0

    batch: Batch = 64
    patience: Patience = 4


class ConditionalGeneration(GenerationConfig):
    """Texts of a kind."""

    label: list[str] = Field(
        [],
        description="What kind of text; given again, or as LABEL=WEIGHT, a mixture. Some of each label unless given.",
    )
    guidance: float = Field(0.0, description="Exaggerate what is typical of the kind; 1 is much, 0 as it was learnt.")
    prompt: Prompt = ""
    length: int = Field(200, description="Symbols, or steps of music, to write.")
    temperature: Temperature = 0.8
    top_k: TopK = None
    top_p: TopP = 1.0
    samples: Samples = 5
    seed: Seed = None

    @field_validator("label")
    @classmethod
    def _weights_are_numbers(cls, label: list[str]) -> list[str]:
        for word in label:
            name, weight = _weighted(word)
            if not name or not 0 <= weight < math.inf:
                raise ValueError(f"{word!r} is not LABEL or LABEL=WEIGHT")
        return label

    @property
    def weights(self) -> dict[str, float]:
        """Label -> weight."""
        return dict(map(_weighted, self.label))


def _weighted(word: str) -> tuple[str, float]:
    name, equals, weight = word.rpartition("=")
    if not equals:
        return word, 1.0
    try:
        return name, float(weight)
    except ValueError:
        return word, 1.0  # a label may hold a sign of equality


SETTINGS = TaskSettings(
    "conditional",
    "write text of a given kind: a label, or a mixture of topics",
    ConditionalData,
    ConditionalConfig,
    ConditionalTraining,
    generation=ConditionalGeneration,
)
