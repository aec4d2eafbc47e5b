"""Speech to symbols: its data, shape and training. Field descriptions are the help texts of the command line."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator

from gatework.settings.data import ExampleData, absolute
from gatework.settings.recurrent import Dropout, EncoderConfig, HiddenSize
from gatework.settings.task import PredictionConfig, TaskSettings
from gatework.settings.training import Batch, ExampleTraining

Units = Literal["phoneme", "character", "word"]
MOST_JOINED = 100


class TranscribeData(ExampleData):
    """Recordings with a table of transcripts, or of spoken digits that are joined into sequences."""

    validation: float = Field(default=0.1, ge=0, lt=1, description="Share of the data held out for validation.")
    test: float = Field(default=0.15, ge=0, lt=1, description="Share of the data held out for a final test.")
    path_column: str | None = Field(
        default=None, description="Column of the WAV files; one called path, file, audio or the like unless given."
    )
    text_column: str | None = Field(
        default=None, description="Column of the texts; one called text, transcript, sentence or the like unless given."
    )
    units: Units | None = Field(
        default=None,
        description="What is written down; phonemes of spoken digits and where there is a lexicon, else characters.",
    )
    lexicon: str | None = Field(
        default=None,
        description="File of lines `ONE  W AH N` that says how words are pronounced; the ten digits unless given.",
    )
    lower: bool | None = Field(default=None, description="Make letters small; they are unless told otherwise.")
    join: str = Field(default="3-6", description="How many recordings of spoken digits make a sequence.")
    sequences: int = Field(
        default=1600, ge=1, description="Sequences of spoken digits, of all parts together; each part has its share."
    )
    held_out_speaker: str | None = Field(
        default=None, description="Whose spoken digits are the test part; they are then in no other."
    )
    rate: int | None = Field(
        default=None, ge=1, description="Samples a second of all recordings; that of most of them unless given."
    )
    bands: int = Field(default=40, ge=1, description="Mel bands in which a recording is heard.")
    deltas: Literal[0, 1, 2] = Field(
        default=1, description="Also read how the bands change (1), and how the changes do (2)."
    )
    frame_ms: float = Field(default=25.0, gt=0, description="How long a frame of sound is, milliseconds.")
    step_ms: float = Field(default=10.0, gt=0, description="From the beginning of a frame to the next, milliseconds.")
    normalised: bool = Field(True, description="Bring each band to mean 0 and variance 1 over each recording.")
    stacked: int = Field(default=3, ge=1, description="Frames that are read as one step, side by side.")
    ngram: int = Field(
        default=4, ge=1, le=9, description="Longest run of symbols counted in the transcripts, for the beam search."
    )

    @field_validator("join", mode="before")
    @classmethod
    def _counts(cls, value: Any) -> str:
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", str(value).strip())
        least, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= least <= most <= MOST_JOINED:
            raise ValueError(f"write the fewest and the most, as 3-6, or one number up to {MOST_JOINED}")
        return f"{least}-{most}"

    @property
    def joined(self) -> tuple[int, int]:
        """The fewest and the most recordings of a sequence."""
        least, most = self.join.split("-")
        return int(least), int(most)

    def anchored(self) -> Self:
        """The same with absolute paths."""
        lexicon = None if self.lexicon is None else absolute([self.lexicon])[0]
        return super().anchored().model_copy(update={"lexicon": lexicon})


class TranscriberConfig(EncoderConfig):
    """Recurrent stack over frames of sound, and an output of symbols and blank."""

    hidden_size: HiddenSize = 128
    dropout: Dropout = 0.2
    time_masks: int = Field(2, ge=0, le=100, description="Spans of time that are hidden in each training example.")
    time_mask_share: float = Field(
        0.05, ge=0, le=1, description="Longest span that is hidden, as a share of an example's steps."
    )
    band_masks: int = Field(2, ge=0, le=100, description="Ranges of bands that are hidden in each training example.")
    band_mask_share: float = Field(
        0.15, ge=0, le=1, description="Widest range that is hidden, as a share of the bands."
    )


class TranscribeTraining(ExampleTraining):
    """How it is trained."""

    usual_epochs: ClassVar[float] = 10.0

    batch: Batch = 16


class TranscribePrediction(PredictionConfig):
    """How a trained model searches for what was said."""

    beam: int = Field(
        8, ge=1, le=1000, description="Transcripts followed at once; 1: greedy, the likeliest symbol of each step."
    )
    language_weight: float = Field(
        0.5, ge=0, description="How much counts what the n-grams of the training transcripts say; needs a beam."
    )
    insertion_bonus: float = Field(
        0.0, description="Added for each symbol, nats: makes up for the n-grams' taste for short transcripts."
    )
    batch: int = Field(16, ge=1, description="Inputs answered at once; 1 answers each as soon as it comes.")


SETTINGS = TaskSettings(
    "transcribe",
    "write down what is said",
    TranscribeData,
    TranscriberConfig,
    TranscribeTraining,
    TranscribePrediction,
)
