"""Music as piano rolls: its data, model, training, answers and what it writes."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gatework.settings.data import ExampleData
from gatework.settings.generation import GenerationConfig, Seed
from gatework.settings.recurrent import Dropout, HiddenSize, RecurrentConfig
from gatework.settings.task import PredictionConfig, TaskSettings
from gatework.settings.training import Batch, ExampleTraining, Patience

StepsPerBeat = Annotated[int, Field(ge=1, le=96)]


class MusicData(ExampleData):
    """Piano rolls from .mat, MIDI, JSON and CSV files."""

    steps_per_beat: StepsPerBeat = Field(
        4, description="Steps to a quarter note: in which MIDI files are read, and which other files have."
    )
    max_steps: int | None = Field(
        None, ge=1, description="Cut training pieces so that at most this many steps are predicted in each."
    )


class MusicConfig(RecurrentConfig):
    """Recurrent stack over the keys that sound, and an output of 88 Bernoulli probabilities."""

    hidden_size: HiddenSize = 192
    dropout: Dropout = 0.5
    projection_size: int = Field(
        0, ge=0, le=65536, description="Width of a learned linear projection of what is read; 0: it enters as it is."
    )
    input_dropout: float = Field(0.2, ge=0, lt=1, description="Share of the inputs' entries dropped in training.")
    transpose: int = Field(
        0, ge=0, le=11, description="Move each piece up or down in training by up to so many semitones, at random."
    )


class MusicTraining(ExampleTraining):
    """Training on whole pieces, or cut ones."""

    usual_epochs: ClassVar[float] = 25.0

    batch: Batch = 16
    patience: Patience = 8


class MusicPrediction(PredictionConfig):
    """What is told of each step."""

    least_probability: float = Field(0.01, ge=0, le=1, description="Leave out notes that are less likely than this.")


class MusicGeneration(GenerationConfig):
    """A piece written step by step; the opening is one of the training pieces' unless there is a primer."""

    length: int = Field(64, description="Symbols, or steps of music, to write.")
    temperature: float = Field(1.0, description="Below 1 more cautious, above more daring; 0: greedy.")
    seed: Seed = None
    primer: str | None = Field(None, description="A MIDI or other file of music that is continued.")
    primer_steps: int | None = Field(None, ge=1, description="Read only so many steps of the primer.")
    output: str | None = Field(
        None, description="Write a .mid, .csv or .png file; lines of MIDI pitches on standard output unless given."
    )
    overwrite: bool = Field(False, description="Let --output replace a file.")
    tempo: float = Field(100.0, ge=4, le=10_000, description="Beats a minute of a MIDI file.")
    steps_per_beat: StepsPerBeat | None = Field(
        None, description="Steps to a quarter note of the primer and the output; as in the training unless given."
    )


SETTINGS = TaskSettings(
    "music",
    "play on: which notes sound next",
    MusicData,
    MusicConfig,
    MusicTraining,
    MusicPrediction,
    MusicGeneration,
)
