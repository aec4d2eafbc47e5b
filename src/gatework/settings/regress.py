"""Numbers for a whole sequence: the shape of the model and how it is trained."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from gatework.settings.recurrent import EmbeddingSize, EncoderConfig
from gatework.settings.training import ExampleTraining, Patience


class RegressorConfig(EncoderConfig):
    """Embedding, recurrent stack, pooling and linear output."""

    embedding_size: EmbeddingSize = 64
    pooling: Literal["last", "mean", "max", "attention"] = Field(
        "mean", description="How the outputs of all steps become one vector."
    )

    @model_validator(mode="after")
    def _last_of_both_directions(self) -> Self:
        if self.pooling == "last" and self.bidirectional and self.connection == "skip":
            raise ValueError("--pooling last cannot tell the directions apart with --connection skip: choose another")
        return self


class RegressorTraining(ExampleTraining):
    """How it is trained."""

    usual_epochs: ClassVar[float] = 30.0

    patience: Patience = 8
