"""A language model of text: its data, shape and training. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from gatework.settings.corpus import CorpusConfig
from gatework.settings.recurrent import EmbeddingSize, HiddenSize, LabelSmoothing, RecurrentConfig
from gatework.settings.task import TaskSettings
from gatework.settings.training import StreamTraining


class LanguageModelConfig(RecurrentConfig):
    """Embedding, recurrent stack and output of a language model."""

    hidden_size: HiddenSize = 384
    embedding_size: EmbeddingSize = 128
    tied: bool = Field(False, description="Use the embedding as output weights too; needs embedding = hidden size.")

    adaptive_softmax: bool = Field(
        False, description="Predict rare words in two steps, class then word: faster for large vocabularies of words."
    )
    label_smoothing: LabelSmoothing = 0.0

    @model_validator(mode="after")
    def _output_is_one_thing(self) -> Self:
        if self.adaptive_softmax and (self.tied or self.label_smoothing):
            other = "tied" if self.tied else "label-smoothing"
            raise ValueError(f"--adaptive-softmax has no {other}: leave one of them out")
        return self

    @model_validator(mode="after")
    def _tied_sizes_agree(self) -> Self:
        if self.tied and self.embedding_size != self.hidden_size:
            raise ValueError(
                f"tied weights need an embedding of the hidden size: "
                f"--embedding-size {self.hidden_size}, not {self.embedding_size}"
            )
        if self.tied and self.connection == "skip":
            raise ValueError("tied weights need an output of the hidden size, --connection skip makes it wider")
        return self


SETTINGS = TaskSettings(
    "language", "write a text on: which symbol comes next", CorpusConfig, LanguageModelConfig, StreamTraining
)
