"""Sequence to sequence: its data, shape, training and search. Field descriptions are the help texts of the commands."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from gatework.settings.data import ExampleData
from gatework.settings.recurrent import (
    CellName,
    Dropout,
    EncoderConfig,
    HiddenSize,
    LabelSmoothing,
    RecurrentConfig,
)
from gatework.settings.task import PredictionConfig, TaskSettings
from gatework.settings.training import Batch, ExampleTraining

Units = Literal["token", "word", "character", "bpe"]
AttentionName = Literal["additive", "dot", "general", "none"]
BridgeName = Literal["dense", "copy", "none"]
TiedName = Literal["none", "target", "all"]
SamplingSchedule = Literal["linear", "exponential", "inverse-sigmoid"]


class TranslationData(ExampleData):
    """Pairs of texts: two files side by side, or one with both."""

    sources: list[str] = Field(
        default=[], description="Two files that agree line by line, or one with SOURCE<TAB>TARGET or named columns."
    )
    source_column: str | None = Field(
        default=None, description="Column of a table (CSV, TSV, JSON Lines) that is read; needs --target-column."
    )
    target_column: str | None = Field(default=None, description="Column of a table that is to be written.")
    level: Units = Field(
        default="bpe",
        description="What the model reads and writes one of at a time: character, word (words and punctuation marks), "
        "token (what stands between blanks), or bpe (pieces of words, byte-pair encoding; extra `bpe`).",
    )
    lower: bool = Field(default=False, description="Make all letters small before.")
    min_count: int = Field(default=1, ge=1, description="Rarer characters, words or pairs of pieces become unknown.")
    max_vocabulary: int | None = Field(
        default=4000, ge=5, description="Most symbols of each language to know, the special ones included."
    )
    shared_vocabulary: bool = Field(default=False, description="Let both languages have one vocabulary.")

    @model_validator(mode="after")
    def _columns_in_pairs(self) -> Self:
        if (self.source_column is None) != (self.target_column is None):
            raise ValueError("give both --source-column and --target-column, or neither")
        return self


class TranslationConfig(EncoderConfig):
    """An encoder, a decoder, and what lies between them."""

    cell: CellName = "gru"
    hidden_size: HiddenSize = 128
    dropout: Dropout = 0.2
    embedding_size: int = Field(256, ge=1, le=65536, description="Width of the learned embedding of the symbols.")
    reverse_source: bool = Field(False, description="Read the source from its end (Sutskever et al. 2014).")
    decoder_cell: str | None = Field(None, description="Cell of the decoder; that of the encoder unless given.")
    decoder_layers: int | None = Field(None, ge=1, le=64, description="Layers of the decoder; as many unless given.")
    decoder_size: int | None = Field(
        None, ge=1, le=65536, description="Width of the decoder's layers; that of the encoder's outputs unless given."
    )
    bridge: BridgeName = Field(
        "dense",
        description="Where the decoder starts: from learned maps of the encoder's last states, a copy of them "
        "(one direction, same cell and sizes), or as any sequence.",
    )
    attention: AttentionName = Field("general", description="How the decoder looks at the source.")
    input_feeding: bool = Field(
        False, description="Let the decoder read what it last attended to (Luong et al. 2015); step by step, slower."
    )
    tied: TiedName = Field(
        "target",
        description="Which embeddings are one: the decoder's with the output's (target), all three (all, which needs "
        "--shared-vocabulary), or none.",
    )
    label_smoothing: LabelSmoothing = 0.1
    scheduled_sampling: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Largest share of the words read in training that the model wrote itself (Bengio et al. 2015).",
    )
    sampling_schedule: SamplingSchedule = Field("inverse-sigmoid", description="How that share grows.")
    sampling_updates: float = Field(2000.0, gt=0, description="Updates that scale the growth of that share.")
    choose_by: Literal["loss", "bleu"] = Field(
        "loss", description="What the best model is chosen by: validation loss, or BLEU of greedy translations."
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.input_feeding and self.attention == "none":
            raise ValueError("input feeding needs an attention")
        if self.attention == "none" and self.bridge == "none":
            raise ValueError("without attention and bridge the decoder would know nothing of the source")
        if self.bridge == "copy" and not self._is_copyable:
            raise ValueError(
                "--bridge copy needs an encoder of one direction (--no-bidirectional) and a decoder of its cell, "
                "layers and width"
            )
        if self.attention == "dot" and self.decoder_width != self.encoder_width:
            raise ValueError(
                f"dot compares vectors of one width: --decoder-size {self.encoder_width}, or --attention general"
            )
        return self

    @property
    def _is_copyable(self) -> bool:
        mine, other = (self.cell, self.layers, self.hidden_size), self.decoder
        return not self.bidirectional and mine == (other.cell, other.layers, other.hidden_size)

    @property
    def decoder(self) -> RecurrentConfig:
        """The layers of the decoder; the options of the encoder's cell are its too where the cell is the same."""
        cell = self.decoder_cell or self.cell
        changed = {
            "cell": cell,
            "cell_options": self.cell_options if cell == self.cell else {},
            "layers": self.decoder_layers or self.layers,
            "hidden_size": self.decoder_width,
        }
        return RecurrentConfig(**{**{name: getattr(self, name) for name in RecurrentConfig.model_fields}, **changed})

    @property
    def encoder_width(self) -> int:
        """Of what the encoder gives at each step."""
        return self.hidden_size * (2 if self.bidirectional else 1)

    @property
    def decoder_width(self) -> int:
        """Of each layer of the decoder."""
        return self.decoder_size or self.encoder_width


class TranslationTraining(ExampleTraining):
    """How a translation model is trained."""

    usual_epochs: ClassVar[float] = 12.0
    rate_scale: ClassVar[float] = 0.5
    batch: Batch = 64


class TranslationPrediction(PredictionConfig):
    """How translations are searched for, and what is told of them."""

    beam: int = Field(5, ge=1, le=1024, description="Hypotheses followed at once; 1 is greedy.")
    n_best: int = Field(1, ge=1, description="How many translations of each source to give; at most the beam.")
    length_penalty: float = Field(
        1.0, ge=0, description="Alpha of Wu et al. 2016: 0 favours short translations, 1 is nearly the mean."
    )
    coverage_penalty: float = Field(
        0.0, ge=0, description="Beta of Wu et al. 2016: above 0 favours translations that read all of the source."
    )
    block_ngrams: int | None = Field(None, ge=1, description="Write no run of so many symbols twice.")
    length_limit: float = Field(3.0, gt=0, description="Longest translation, in symbols of the source (plus 10).")
    replace_unknown: bool = Field(
        False, description="Write the most attended source word in the place of an unknown one."
    )
    batch: int = Field(64, ge=1, description="Inputs answered at once; 1 answers each as soon as it comes.")
    dictionary: str | None = Field(
        None, description="File of SOURCE<TAB>TARGET words: what replaces unknown words, for the source word attended."
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.n_best > self.beam:
            raise ValueError(f"--n-best is {self.n_best}, more than --beam {self.beam}")
        return self


SETTINGS = TaskSettings(
    "translate",
    "write one sequence for another, as in translation",
    TranslationData,
    TranslationConfig,
    TranslationTraining,
    TranslationPrediction,
)
