"""Forecasts of time series: data, shape and training. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from gatework.settings.data import ExampleData, Missing
from gatework.settings.recurrent import Dropout, HiddenSize, RecurrentConfig
from gatework.settings.task import PredictionConfig, TaskSettings
from gatework.settings.training import ExampleTraining

Strategy = Literal["recursive", "decoder", "head"]
DistributionName = Literal["gaussian", "student-t", "negative-binomial", "quantile"]
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""What is drawn and told of a forecast: the median and intervals of 50, 80 and 95 %."""


class ForecastData(ExampleData):
    """Which series to read, what is known beside them, and what of the past a forecast looks at.

    Parts are the ends of each series: validation before test, never drawn at random.
    """

    validation: float = Field(
        default=0.15, ge=0, lt=1, description="Share of each series held out for validation, before the test part."
    )
    test: float = Field(default=0.15, ge=0, lt=1, description="Share of each series held out at its end for a test.")
    horizon: int = Field(default=12, ge=1, description="Steps to forecast.")
    context: int | None = Field(
        default=None, ge=2, description="Steps read before them; twice the horizon or season unless given."
    )
    season: int | None = Field(
        default=None, ge=1, description="Steps after which patterns return; as the times suggest unless given, else 1."
    )
    time_column: str | None = Field(
        default=None, description="Column of times; the first that holds dates unless given."
    )
    series_column: str | None = Field(
        default=None, description="Column that names the series of a row; each target is a series unless given."
    )
    target_columns: list[str] = Field(
        default=[], description="A column to forecast; may be repeated; all other columns of numbers unless given."
    )
    past_columns: list[str] = Field(default=[], description="A column known up to now only; may be repeated.")
    future_columns: list[str] = Field(
        default=[], description="A column known ahead, in last rows without targets too; may be repeated."
    )
    missing: Missing = "refuse"
    calendar: bool = Field(True, description="Let the model see month, weekday and hour, where there are dates.")
    transform: Literal["none", "log", "log1p", "sqrt"] = Field(
        default="none", description="Function of the values that is modelled."
    )
    difference: Literal["none", "last", "season"] = Field(
        default="season",
        description="Model what is added to the last value, or to that of a season ago; the value itself with none.",
    )
    scaling: Literal["absolute", "standard", "none"] = Field(
        default="standard",
        description="What is modelled is divided by its mean size (DeepAR), or brought to mean 0 and deviation 1.",
    )
    scaled_over: Literal["window", "series"] = Field(
        default="window", description="Scale each window by what it reads, or each series by its training part."
    )
    windows: int = Field(default=4096, ge=1, description="Most training windows; of more, so many are drawn at random.")
    origins: int = Field(
        default=100, ge=1, description="Most forecasts of each series in a held-out part, from origins evenly spread."
    )

    @field_validator("target_columns", "past_columns", "future_columns")
    @classmethod
    def _once(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError("a column is named twice: name it once")
        return names


class ForecastConfig(RecurrentConfig):
    """Recurrent layers over the past, and how they tell what comes."""

    hidden_size: HiddenSize = 48
    dropout: Dropout = 0.1
    strategy: Strategy = Field(
        "recursive",
        description="Step by step on its own samples (recursive, DeepAR), or all steps at once: by a second stack over "
        "what is known ahead (decoder) or one layer (head).",
    )
    distribution: DistributionName = Field("student-t", description="What is forecast of each step.")
    calibrate: bool = Field(
        True,
        description="Spread what is drawn about its median so that intervals hold on the validation part as often as "
        "they say; counts are left as they are.",
    )
    series_embedding: int = Field(
        0, ge=0, le=65536, description="Width of a learned embedding of the series; 0: the model forecasts any series."
    )


class ForecastTraining(ExampleTraining):
    """How it is trained."""

    usual_epochs: ClassVar[float] = 20.0

    show: int = Field(1, ge=0, description="Predictions shown after each validation; 0: none.")


class ForecastPrediction(PredictionConfig):
    """How a trained model forecasts."""

    samples: int = Field(500, ge=2, le=100_000, description="Futures drawn; quantiles and means are theirs.")
    quantiles: list[float] = Field(list(QUANTILES), description="Probability of a quantile to tell; may be repeated.")
    seed: int = Field(1, ge=0, lt=2**63, description="The same seed draws the same futures.")
    missing: Literal["refuse", "interpolate"] | None = Field(
        None, description="What to do with values that a series lacks; as in training unless given."
    )

    @model_validator(mode="after")
    def _probabilities(self) -> Self:
        if not all(0 < share < 1 for share in self.quantiles):
            raise ValueError(f"--quantiles lie between 0 and 1, not {self.quantiles}")
        return self


SETTINGS = TaskSettings(
    "forecast",
    "go on with time series, with intervals",
    ForecastData,
    ForecastConfig,
    ForecastTraining,
    ForecastPrediction,
)
