"""What every training says of its model and its method before it begins."""

from __future__ import annotations

import torch

from gatework.engine import checked_call, plan
from gatework.layers import Recurrent
from gatework.settings import RecurrentConfig
from gatework.training import Trainer


def model_line(trainer: Trainer, steps: int) -> str:
    """Shape, parameters, and which engine runs the first layer over so many steps, and why not a faster one."""
    model = trainer.model
    parameters = sum(parameter.numel() for parameter in model.parameters())
    layer = next((module for module in model.modules() if isinstance(module, Recurrent)), None)
    config, engine = model.config, ""
    shape = f"{config.layers} x {config.hidden_size} {config.cell}, " if isinstance(config, RecurrentConfig) else ""
    if layer is not None:
        x = torch.zeros(steps, trainer.config.batch, layer.cell.input_size).to(next(layer.parameters()))
        engine = f", {plan(checked_call(layer.cell, x), layer.engine)}"
    return f"model   {shape}{parameters:,} parameters{engine}"


def how_line(trainer: Trainer, batches: str) -> str:
    """Optimizer, batches, schedule, device."""
    config = trainer.config
    return f"how     {config.optimizer}, {batches}, {config.schedule} schedule, {trainer.device}"
