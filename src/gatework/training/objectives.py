"""Which objective a model has on its data."""

from __future__ import annotations

import torch

from gatework.data import Corpus
from gatework.data.dataset import Dataset
from gatework.models.language import LanguageModel
from gatework.models.model import ExampleModel, Model
from gatework.settings import ExampleTraining, StreamTraining, TrainingConfig
from gatework.training.examples import ExampleObjective
from gatework.training.objective import Objective
from gatework.training.streaming import StreamObjective


def make_objective(model: Model, data: Corpus | Dataset, config: TrainingConfig, device: torch.device) -> Objective:
    """A language model learns a corpus as streams; any other model learns a data set example by example.

    Raises:
        TypeError: model, data and settings do not belong together.
        InputError: the data are too small.
    """
    if isinstance(model, LanguageModel) and isinstance(data, Corpus) and isinstance(config, StreamTraining):
        return StreamObjective(model, data, config, device)
    if isinstance(model, ExampleModel) and isinstance(data, Dataset) and isinstance(config, ExampleTraining):
        return ExampleObjective(model, data, config, device)
    raise TypeError(
        f"a {type(model).__name__} cannot learn from a {type(data).__name__} with {type(config).__name__}: "
        "a LanguageModel takes a Corpus and StreamTraining, other models a Dataset and ExampleTraining"
    )
