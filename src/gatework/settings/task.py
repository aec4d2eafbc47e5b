"""What a task lets a user set."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from gatework.settings.data import DataConfig
from gatework.settings.generation import GenerationConfig
from gatework.settings.training import TrainingConfig


class PredictionConfig(BaseModel):
    """How a trained model answers: nothing to set unless a task has something."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True)
class TaskSettings:
    """The settings of one task.

    Attributes:
        name: how the command line calls it.
        purpose: what it is for, in a few words.
        data: which data, read how.
        model: its shape.
        training: how it is trained.
        prediction: how a trained model answers.
        generation: how it writes; None where it does not.
    """

    name: str
    purpose: str
    data: type[DataConfig]
    model: type[BaseModel]
    training: type[TrainingConfig]
    prediction: type[PredictionConfig] = PredictionConfig
    generation: type[GenerationConfig] | None = None

    @property
    def sections(self) -> dict[str, type[BaseModel]]:
        """What config.json of a run holds, section by section."""
        return {"data": self.data, "model": self.model, "training": self.training}
