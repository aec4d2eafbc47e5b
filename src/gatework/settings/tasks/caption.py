"""A caption for a picture: its data, shape, training and search. Field descriptions are the help texts."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from gatework.settings.data import ExampleData, TestShare
from gatework.settings.recurrent import (
    Dropout,
    EmbeddingSize,
    EncoderConfig,
    HiddenSize,
    LabelSmoothing,
    RecurrentConfig,
)
from gatework.settings.task import PredictionConfig, TaskSettings
from gatework.settings.training import ExampleTraining

SMALLEST_SCENE = 24  # pixels, as in data/scenes.py

Colours = Literal["apart", "together"]


class CaptionData(ExampleData):
    """Pictures with captions: a folder or a table of one's own, or scenes that are drawn."""

    sources: list[str] = Field(
        default=[],
        description="Tables of pictures (or of .npy, .npz with a feature vector a region) and captions, or folders "
        "with such a table in them; none: scenes of coloured shapes are drawn.",
    )
    test: TestShare = 0.1
    scenes: int = Field(
        default=30_000,
        ge=10,
        le=10_000_000,
        description="Scenes that are drawn where there are no DATA; validation and test show combinations that "
        "training does not.",
    )
    size: int = Field(
        default=32, ge=8, le=1024, description="Height and width that pictures are brought to, pixels; at their middle."
    )
    path_column: str | None = Field(
        default=None, description="Column of the files; one called path, file, image or the like unless given."
    )
    text_column: str | None = Field(
        default=None, description="Column of the captions; one called caption, text or the like unless given."
    )
    level: Literal["character", "word", "token"] = Field(
        default="word",
        description="What the model writes one of at a time: character, word (words and punctuation marks) or token "
        "(what stands between blanks).",
    )
    lower: bool = Field(default=True, description="Make all letters small before.")
    min_count: int = Field(default=1, ge=1, description="Rarer characters or words become unknown.")
    max_vocabulary: int | None = Field(
        default=None, ge=4, description="Most characters or words to know, the special ones included."
    )

    @model_validator(mode="after")
    def _scenes_can_be_drawn(self) -> Self:
        if not self.sources and self.size < SMALLEST_SCENE:
            raise ValueError(f"drawn scenes need a --size of {SMALLEST_SCENE} or more: smaller shapes look alike")
        return self


class CaptionConfig(RecurrentConfig):
    """What sees a picture, and the decoder that describes it."""

    hidden_size: HiddenSize = 128
    embedding_size: Annotated[EmbeddingSize, Field(ge=1)] = 64
    dropout: Dropout = 0.0
    convolutions: int = Field(3, ge=1, le=8, description="Layers of the network that sees pictures; each halves them.")
    channels: int = Field(16, ge=1, le=1024, description="Channels of its first layer; each has twice as many.")
    colours: Colours = Field(
        "apart",
        description="Whether it sees forms by brightness and colours coarsely beside them (apart: what has a form is "
        "known in a colour that it never had), or both at once (together).",
    )
    region_size: int = Field(128, ge=1, le=65536, description="Width of the vector of each region of a picture.")
    reading_size: int = Field(
        64,
        ge=0,
        le=65536,
        description="Width, in each direction, of a recurrent layer that reads the regions row by row, so that each "
        "knows the others (as in Deng et al. 2017); 0: none.",
    )
    attention: Literal["additive", "dot", "general", "none"] = Field(
        "additive", description="How the decoder looks at the regions; none: it only starts from their mean."
    )
    input_feeding: bool = Field(
        False, description="Let the decoder read what it last attended to (Luong et al. 2015); step by step, slower."
    )
    word_dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Share of the words read that become unknown in training, so that the picture counts.",
    )
    word_loss: float = Field(
        1.0,
        ge=0,
        description="Weight of a second loss in training: single regions must tell which words a caption has (as in "
        "Fang et al. 2015).",
    )
    label_smoothing: LabelSmoothing = 0.0

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.input_feeding and self.attention == "none":
            raise ValueError("input feeding needs an attention")
        if self.attention == "dot" and self.hidden_size != self.region_size:
            raise ValueError(
                f"dot compares vectors of one width: --region-size {self.hidden_size}, or --attention general"
            )
        return self

    @property
    def reading(self) -> EncoderConfig:
        """The recurrent layer that reads regions."""
        return EncoderConfig(cell=self.cell, cell_options=self.cell_options, hidden_size=self.reading_size)

    @property
    def decoder(self) -> RecurrentConfig:
        """The recurrent layers: all of them write."""
        return self

    @property
    def decoder_width(self) -> int:
        """Of each layer."""
        return self.hidden_size

    @property
    def tied(self) -> str:
        """The embedding's width is its own."""
        return "none"


class CaptionTraining(ExampleTraining):
    """Training on pictures with captions."""

    usual_epochs: ClassVar[float] = 12.0
    rate_scale: ClassVar[float] = 0.5


class CaptionPrediction(PredictionConfig):
    """How captions are searched for."""

    beam: int = Field(4, ge=1, le=1024, description="Hypotheses followed at once; 1 is greedy.")
    n_best: int = Field(1, ge=1, description="How many captions of each picture to give; at most the beam.")
    length_penalty: float = Field(
        0.0, ge=0, description="Alpha of Wu et al. 2016: 0 favours short captions, 1 is nearly the mean."
    )
    block_ngrams: int | None = Field(None, ge=1, description="Write no run of so many symbols twice.")
    longest: int = Field(60, ge=1, description="Longest caption, in symbols.")
    batch: int = Field(64, ge=1, description="Inputs answered at once; 1 answers each as soon as it comes.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.n_best > self.beam:
            raise ValueError(f"--n-best is {self.n_best}, more than --beam {self.beam}")
        return self


SETTINGS = TaskSettings(
    "caption",
    "describe pictures in words",
    CaptionData,
    CaptionConfig,
    CaptionTraining,
    CaptionPrediction,
)
