"""Text of a given kind: data, model, training and what is written. Field descriptions are the command line's help."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gatework.settings.data import ExampleData
from gatework.settings.generation import GenerationConfig, Prompt, Samples, Seed, Temperature, TopK, TopP
from gatework.settings.recurrent import Dropout, EmbeddingSize, HiddenSize, LabelSmoothing, RecurrentConfig
from gatework.settings.task import TaskSettings
from gatework.settings.training import Batch, ExampleTraining, Patience

Share = Annotated[float, Field(ge=0)]


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

    label: dict[str, Share] = Field(
        {},
        examples=["Russian=1"],
        description="What kind of text: LABEL=WEIGHT; several are mixed by their weights. All in turn unless given.",
    )
    prompt: Prompt = ""
    length: int = Field(200, description="Symbols, or steps of music, to write.")
    temperature: Temperature = 0.8
    top_k: TopK = None
    top_p: TopP = 1.0
    samples: Samples = 5
    seed: Seed = None


SETTINGS = TaskSettings(
    "conditional",
    "write text of a given kind: a label, or a mixture of topics",
    ConditionalData,
    ConditionalConfig,
    ConditionalTraining,
    generation=ConditionalGeneration,
)
