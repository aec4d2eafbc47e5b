"""From a configuration and its data to a model and its trainer: what commands and studies have in common."""

from __future__ import annotations

from typing import Any

import torch

from gatework.models import Model
from gatework.settings import RunConfig
from gatework.tasks.task import Task
from gatework.training import RunFolder, Trainer, check_memory


def trainer_of(
    task: Task[Any, Any], config: RunConfig, data: Any, folder: RunFolder | None = None
) -> tuple[RunConfig, Trainer]:
    """Settle what the data decide, make the model, and check all that can be before anything is written."""
    config = task.settled(config, data)
    trainer = Trainer(build_model(task, config, data), data, config.training, folder)
    task.check(trainer)
    return config, trainer


def build_model(task: Task[Any, Any], config: RunConfig, data: Any) -> Model[Any, Any]:
    """The model of a configuration; its size is checked before any memory is taken."""
    with torch.device("meta"):
        skeleton = task.build(config.model, data)
    parameters = sum(parameter.numel() for parameter in skeleton.parameters())
    check_memory(parameters, task.activations(config, data))
    torch.manual_seed(config.training.seed)
    return task.build(config.model, data)
