"""A class for a whole sequence: data, shape, training. Field descriptions are the help texts of the command line."""

from __future__ import annotations

import json
import math
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from gatework.settings.data import ExampleData, Missing, VectorWords, absolute
from gatework.settings.recurrent import EmbeddingSize, EncoderConfig, HiddenSize, LabelSmoothing
from gatework.settings.task import PredictionConfig, TaskSettings
from gatework.settings.training import ExampleTraining

BALANCED = "balanced"
OF_WORDS = {"dropout": 0.5, "embedding_dropout": 0.5, "symbol_dropout": 0.2}
"""What a model that reads words has unless told otherwise: their embedding soon knows the training texts by heart."""
USUAL_UPDATES = 1600
FEWEST_EPOCHS, MOST_EPOCHS = 6, 30


class ClassifyData(ExampleData):
    """Which examples to read, and how: texts, series of vectors or recordings."""

    text_column: str | None = Field(
        default=None, description="Column of the texts; one called text, sentence, review or the like unless given."
    )
    label_column: str | None = Field(
        default=None, description="Column of the labels; one called label, class, category or the like unless given."
    )
    path_column: str | None = Field(
        default=None, description="Column of the WAV files; one called path, file, audio or the like unless given."
    )
    level: Literal["character", "word"] | None = Field(
        default=None, description="What a step of a text is; words unless the texts are hardly more than one."
    )
    lower: bool | None = Field(default=None, description="Make letters small; words are unless told otherwise.")
    min_count: int | None = Field(
        default=None, ge=1, description="Rarer characters or words become unknown; 2 for words unless given."
    )
    max_vocabulary: int | None = Field(
        default=None, ge=2, description="Most characters or words to know, the special ones included."
    )
    word_vectors: str | None = Field(
        default=None, description="File of pretrained vectors (GloVe or word2vec) that the embedding begins with."
    )
    vector_words: VectorWords = 50_000
    missing: Missing = "refuse"
    rate: int | None = Field(
        default=None, ge=1, description="Samples a second of all recordings; that of most of them unless given."
    )
    bands: int = Field(default=40, ge=1, description="Mel bands in which a recording is heard.")
    deltas: int = Field(
        default=1, ge=0, le=2, description="Also read how the bands change (1), and how the changes do (2)."
    )

    def anchored(self) -> Self:
        """The same with absolute paths."""
        vectors = None if self.word_vectors is None else absolute([self.word_vectors])[0]
        return super().anchored().model_copy(update={"word_vectors": vectors})


class ClassifierConfig(EncoderConfig):
    """Embedding, recurrent stack, pooling and output of a classifier."""

    hidden_size: HiddenSize = 128
    embedding_size: EmbeddingSize = 128
    dropout: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="Share of activations dropped between layers and before the output; 0.5 for words unless given.",
    )
    pooling: Literal["last", "mean", "max", "attention"] = Field(
        "max", description="How the outputs of all steps become one vector."
    )
    embedding_dropout: float = Field(
        0.0, ge=0, lt=1, description="Share of the embedding's entries dropped; 0.5 for words unless given."
    )
    symbol_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of the symbols that become unknown in training; 0.2 for words unless given.",
    )
    frozen: bool = Field(False, description="Keep pretrained word vectors as they are.")
    label_smoothing: LabelSmoothing = 0.0
    class_weights: str | dict[str, float] | None = Field(
        None,
        description="How much examples of each class count in the loss: `balanced` (the rarer, the more), or weights "
        'as JSON such as {"spam": 5}; those left out have 1.',
    )

    @model_validator(mode="after")
    def _last_of_both_directions(self) -> Self:
        if self.pooling == "last" and self.bidirectional and self.connection == "skip":
            raise ValueError("--pooling last cannot tell the directions apart with --connection skip: choose another")
        return self

    @field_validator("class_weights", mode="before")
    @classmethod
    def _balanced_or_json(cls, value: Any) -> Any:
        if value is None or value == BALANCED:
            return value
        weights = _read_json(value) if isinstance(value, str) else value
        if not isinstance(weights, dict):
            raise ValueError('give `balanced` or weights such as {"spam": 5}')
        for name, weight in weights.items():
            if not isinstance(weight, int | float) or not 0 < weight < math.inf:
                raise ValueError(f"the weight of {name!r} is {weight!r}, which is no number above 0")
        return weights


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


class ClassifyTraining(ExampleTraining):
    """Training on labelled examples."""

    epochs: float | None = Field(
        None,
        gt=0,
        le=1e9,
        description="Passes over the training data; 6 to 30, the more the fewer examples there are, unless minutes or "
        "steps are given.",
    )


def usual_epochs(examples: int, batch: int) -> int:
    """Passes over so many training examples: about as many updates for all but very small and very large data."""
    return min(max(round(USUAL_UPDATES * batch / examples), FEWEST_EPOCHS), MOST_EPOCHS)


class ClassifyPrediction(PredictionConfig):
    """What is told of each input."""

    top: int = Field(5, ge=1, description="Most classes whose probability is told, the most probable first.")
    batch: int = Field(64, ge=1, description="Inputs answered at once; 1 answers each as soon as it comes.")
    text_column: str | None = Field(
        None, description="Column of the texts in tables and in lines of JSON; guessed in tables unless given."
    )
    path_column: str | None = Field(None, description="Column of the WAV files in tables; guessed unless given.")
    missing: Missing = "refuse"


SETTINGS = TaskSettings(
    "classify",
    "a class for each text, series or recording",
    ClassifyData,
    ClassifierConfig,
    ClassifyTraining,
    ClassifyPrediction,
)
