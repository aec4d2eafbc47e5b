"""The classic optimizers by name, from torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from gatework.settings import TrainingConfig

USUAL_LEARNING_RATE = {
    "sgd": 1.0,
    "momentum": 0.1,
    "nesterov": 0.1,
    "adagrad": 0.05,
    "adadelta": 1.0,
    "rmsprop": 0.002,
    "adam": 0.006,
    "adamw": 0.006,
}
"""Learning rates that suit a recurrent language model of a few hundred units; see benchmarks/defaults.md."""


def make_optimizer(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> Optimizer:
    """The optimizer that the configuration names, at its peak learning rate."""
    makers: dict[str, Callable[..., Optimizer]] = {
        "sgd": torch.optim.SGD,
        "momentum": lambda p, **k: torch.optim.SGD(p, momentum=config.momentum, **k),
        "nesterov": lambda p, **k: torch.optim.SGD(p, momentum=config.momentum, nesterov=True, **k),
        "adagrad": torch.optim.Adagrad,
        "adadelta": lambda p, **k: torch.optim.Adadelta(p, rho=config.second_decay, **k),
        "rmsprop": lambda p, **k: torch.optim.RMSprop(p, alpha=config.second_decay, **k),
        "adam": lambda p, **k: torch.optim.Adam(p, betas=(config.momentum, config.second_decay), **k),
        "adamw": lambda p, **k: torch.optim.AdamW(p, betas=(config.momentum, config.second_decay), **k),
    }
    return makers[config.optimizer](list(parameters), lr=peak_learning_rate(config), weight_decay=config.weight_decay)


def peak_learning_rate(config: TrainingConfig) -> float:
    """The learning rate given, or the optimizer's usual one."""
    return config.learning_rate or USUAL_LEARNING_RATE[config.optimizer]
