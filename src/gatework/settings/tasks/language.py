"""A language model of text: its data, shape and training. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from gatework.settings.corpus import CorpusConfig
from gatework.settings.generation import GenerationConfig, Prompt, Samples, Seed, Temperature, TopK, TopP
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


class LanguageGeneration(GenerationConfig):
    """Texts drawn symbol by symbol, or the likeliest ones by beam search."""

    prompt: Prompt = ""
    length: int = Field(500, description="Symbols, or steps of music, to write.")
    temperature: Temperature = 0.8
    top_k: TopK = None
    top_p: TopP = 1.0
    repetition_penalty: float = Field(1.0, description="Above 1: avoid symbols written lately.")
    samples: Samples = 1
    seed: Seed = None
    beam: int | None = Field(
        None, description="Search for the likeliest text with so many hypotheses at once, instead of drawing one."
    )
    n_best: int = Field(1, description="With a beam: how many texts to give, best first.")
    block_ngrams: int | None = Field(None, description="With a beam: write no run of so many symbols twice.")

    @model_validator(mode="after")
    def _search_or_draw(self) -> Self:
        drawing = {"temperature", "top_k", "top_p", "repetition_penalty", "samples", "seed"} & self.model_fields_set
        searching = {"n_best", "block_ngrams"} & self.model_fields_set
        if self.beam is not None and drawing:
            raise ValueError(f"a beam draws nothing: leave out {_flags(drawing)}, or the beam")
        if self.beam is None and searching:
            raise ValueError(f"{_flags(searching)} is for a search: add --beam 5")
        return self


def _flags(names: set[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in sorted(names))


SETTINGS = TaskSettings(
    "language",
    "write a text on: which symbol comes next",
    CorpusConfig,
    LanguageModelConfig,
    StreamTraining,
    generation=LanguageGeneration,
)
