"""A training's whole state as the tensors and the description of a checkpoint, and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from torch import Tensor

from gatework.errors import InputError
from gatework.models.pretrained import own_tensors, restore
from gatework.training.checkpoint import (
    pack_generators,
    pack_optimizer,
    pack_state,
    unpack_generators,
    unpack_optimizer,
    unpack_state,
)
from gatework.training.position import Position

if TYPE_CHECKING:
    from gatework.training.trainer import Trainer


def pack(trainer: Trainer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Parameters, optimizer, generators and carried state as tensors; all else as a description."""
    optimizer_tensors, optimizer = pack_optimizer(trainer.optimizer)
    generator_tensors, generators = pack_generators()
    parameters = {f"model.{name}": tensor for name, tensor in own_tensors(trainer.model).items()}
    return {**parameters, **optimizer_tensors, **generator_tensors, **pack_state(trainer.state)}, {
        "position": asdict(trainer.position),
        "schedule": trainer.schedule.state(),
        "optimizer": optimizer,
        "optimizer_name": trainer.config.optimizer,
        "generators": generators,
        "gradient_norm": trainer.gradient_norm,
        "data": trainer.objective.fingerprint,
    }


def check(trainer: Trainer, tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Compare a checkpoint with the trainer's data and model.

    Raises:
        InputError: it was made with others.
    """
    if description["data"] != trainer.objective.fingerprint:
        raise InputError("the data are not those that the run was trained on", "restore them, or train a new run")
    if description["optimizer_name"] != trainer.config.optimizer:
        raise InputError(
            f"the run was trained with {description['optimizer_name']}, not {trainer.config.optimizer}",
            "restore the run's config.json",
        )
    shapes = {f"model.{name}": tensor.shape for name, tensor in own_tensors(trainer.model).items()}
    if shapes != {name: tensor.shape for name, tensor in tensors.items() if name.startswith("model.")}:
        raise InputError("the model is not the one that the run was trained with", "restore the run's config.json")


def unpack(trainer: Trainer, tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Put what ``pack`` gave back; the generators last, so that nothing draws from them in between."""
    restore(trainer.model, {name: tensors[f"model.{name}"] for name in own_tensors(trainer.model)})
    unpack_optimizer(trainer.optimizer, tensors, description["optimizer"])
    trainer.schedule.restore(description["schedule"])
    trainer.position = Position(**{f.name: description["position"][f.name] for f in fields(Position)})
    trainer.gradient_norm = description["gradient_norm"]
    trainer.state = unpack_state(tensors, trainer.device)
    unpack_generators(tensors, description["generators"])
