"""A tag for each word: its data, shape and training. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from gatework.settings.data import ExampleData, VectorWords, absolute
from gatework.settings.recurrent import CellName, Dropout, EmbeddingSize, EncoderConfig, HiddenSize, LabelSmoothing
from gatework.settings.task import PredictionConfig, TaskSettings
from gatework.settings.training import ExampleTraining


class TagData(ExampleData):
    """Which sentences to read: a line a word, columns side by side, a blank line after each sentence."""

    word_column: int | None = Field(
        default=None, description="Column of the word, from 0, or from -1 backwards; the first unless given."
    )
    tag_column: int | None = Field(
        default=None,
        description="Column of the tag, from 0, or from -1 backwards; the last unless given, in CoNLL-U the part of "
        "speech.",
    )
    lower: bool = Field(default=True, description="Make the letters of words small; characters keep their case.")
    min_count: int = Field(default=1, ge=1, description="Words that occur less often become unknown.")
    max_vocabulary: int | None = Field(
        default=None, ge=2, description="Most words to know, the special ones included; the most frequent stay."
    )
    word_vectors: str | None = Field(
        default=None, description="File of pretrained vectors (GloVe or word2vec) that the embedding begins with."
    )
    vector_words: VectorWords = 50_000

    def anchored(self) -> Self:
        """The same with absolute paths."""
        vectors = None if self.word_vectors is None else absolute([self.word_vectors])[0]
        return super().anchored().model_copy(update={"word_vectors": vectors})


class TaggerConfig(EncoderConfig):
    """Words and their characters, recurrent stack, and output of a tagger."""

    hidden_size: HiddenSize = 128
    dropout: Dropout = 0.3
    embedding_size: EmbeddingSize = 100
    embedding_dropout: float = Field(0.3, ge=0, lt=1, description="Share of the embedding's entries dropped.")
    word_dropout: float = Field(
        0.25, ge=0, lt=1, description="Share of the words that become unknown in training, so that characters count."
    )
    frozen: bool = Field(False, description="Keep pretrained word vectors as they are.")
    character_size: int = Field(
        32, ge=0, le=65536, description="Width of the embedding of characters; 0: only whole words are read."
    )
    character_hidden: int = Field(
        64, ge=1, le=65536, description="Width of the layer that reads a word's characters, of each direction."
    )
    character_cell: CellName | None = Field(
        None, description="Recurrent cell that reads characters; --cell, with its options, unless given."
    )
    character_pooling: Literal["last", "mean", "max", "attention", "both"] = Field(
        "both", description="How a word's characters become one vector; both: last and max side by side."
    )
    crf: bool = Field(False, description="Choose the tags of a sentence together (conditional random field).")
    label_smoothing: LabelSmoothing = 0.0

    @model_validator(mode="after")
    def _smoothing_or_crf(self) -> Self:
        if self.crf and self.label_smoothing:
            raise ValueError("label smoothing is for tags that are chosen one by one: leave out one of it and crf")
        return self


class TagTraining(ExampleTraining):
    """Training on tagged sentences."""

    usual_epochs: ClassVar[float] = 12.0


class TagPrediction(PredictionConfig):
    """What is read and how."""

    columns: bool | None = Field(
        None,
        description="INPUT has a word a line and a blank line after each sentence; otherwise it has a sentence a line, "
        "its words between blanks. Seen from a tab in the first line unless said.",
    )
    word_column: int | None = Field(
        None, description="Column of the word, from 0, or from -1 backwards; the first unless given."
    )
    batch: int = Field(64, ge=1, description="Inputs answered at once; 1 answers each as soon as it comes.")


SETTINGS = TaskSettings("tag", "a tag for each word of a sentence", TagData, TaggerConfig, TagTraining, TagPrediction)
