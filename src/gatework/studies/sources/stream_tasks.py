"""Streams to be read by windows, with what is wanted at each step, the loss, and what is held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.data.files.sources import python_reference
from gatework.studies.networks import StepReader
from gatework.studies.sources.coins import FAR, coins, expected_loss

COINS_HELD_OUT = 2000


@dataclass(frozen=True)
class StreamTask:
    """What a network is trained on, and measured by.

    Attributes:
        outputs: width of an answer.
        x: (steps, batch, inputs).
        wanted: (steps, batch, ...).
        loss: of answers and what was wanted, a mean over steps.
        held_out: the same of a network on steps that it was not trained on.
    """

    outputs: int
    x: Tensor
    wanted: Tensor
    loss: Callable[[Tensor, Tensor], Tensor]
    held_out: Callable[[StepReader], float]


def coin_task(steps: int, batch: int, random: np.random.Generator) -> StreamTask:
    """Coins of binary-memory, in nats a coin."""
    x, y, _ = coins(steps, batch, random)
    shown = coins(COINS_HELD_OUT, batch, random)

    def held_out(model: StepReader) -> float:
        return expected_loss(model(shown.x)[0][FAR:], shown.chance[FAR:])

    return StreamTask(1, x, y, F.binary_cross_entropy_with_logits, held_out)


def character_task(steps: int, batch: int, random: np.random.Generator) -> StreamTask:
    """The next character of Python's language reference, in bits; streams begin anywhere in its first nine tenths."""
    chapters = [b"".join(chapter.chunks(1 << 20)).decode() for chapter in python_reference()]
    text = list("\n".join(chapters))
    letters = sorted(set(text))
    codes = torch.from_numpy(np.searchsorted(letters, text))
    training, after = codes[: len(codes) * 9 // 10], codes[len(codes) * 9 // 10 :]
    places = torch.from_numpy(random.integers(0, len(training), batch)) + torch.arange(steps + 1)[:, None]
    read = training[places % len(training)]
    shown = after[: len(after) // batch * batch].view(batch, -1).T
    one_hot = torch.eye(len(letters))

    def loss(answers: Tensor, wanted: Tensor) -> Tensor:
        return F.cross_entropy(answers.flatten(0, 1), wanted.flatten()) / math.log(2)

    def held_out(model: StepReader) -> float:
        return loss(model(one_hot[shown[:-1]])[0], shown[1:]).item()

    return StreamTask(len(letters), one_hot[read[:-1]], read[1:], loss, held_out)
