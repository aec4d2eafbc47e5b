"""The classic optimizers by name, from torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

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
    "rmsprop-momentum": 0.0005,
    "adam": 0.006,
    "adamw": 0.006,
}
"""Customary learning rates for a recurrent language model of a few hundred units; that of AdamW was measured
(benchmarks/defaults.md)."""
USUAL_ADAMW_DECAY = 0.1


def make_optimizer(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> Optimizer:
    """The optimizer that the configuration names, at its peak learning rate.

    Fused or multi-tensor kernels throughout: the plain loop over tensors costs a fifth of a small model's update.
    """
    betas = (config.momentum, config.second_decay)
    makers: dict[str, Callable[..., Optimizer]] = {
        "sgd": partial(torch.optim.SGD, fused=True),
        "momentum": partial(torch.optim.SGD, momentum=config.momentum, fused=True),
        "nesterov": partial(torch.optim.SGD, momentum=config.momentum, nesterov=True, fused=True),
        "adagrad": partial(torch.optim.Adagrad, fused=True),
        "adadelta": partial(torch.optim.Adadelta, rho=config.second_decay, foreach=True),
        "rmsprop": partial(torch.optim.RMSprop, alpha=config.second_decay, foreach=True),
        "rmsprop-momentum": partial(
            torch.optim.RMSprop, alpha=config.second_decay, momentum=config.momentum, foreach=True
        ),
        "adam": partial(torch.optim.Adam, betas=betas, fused=True),
        "adamw": partial(torch.optim.AdamW, betas=betas, fused=True),
    }
    usual_decay = USUAL_ADAMW_DECAY if config.optimizer == "adamw" else 0.0
    decay = usual_decay if config.weight_decay is None else config.weight_decay
    return makers[config.optimizer](list(parameters), lr=peak_learning_rate(config), weight_decay=decay)


def peak_learning_rate(config: TrainingConfig) -> float:
    """The learning rate given, or the optimizer's usual one, scaled as the task needs it."""
    return config.learning_rate or config.rate_scale * USUAL_LEARNING_RATE[config.optimizer]
