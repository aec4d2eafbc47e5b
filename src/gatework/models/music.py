"""The music model: which notes sound at the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.music.piano_rolls import KEYS
from gatework.data.music.pieces import Piece, RollCodec
from gatework.data.padding import Batch, is_real, padded
from gatework.models.encoder import make_stack
from gatework.models.model import ExampleModel, Totals
from gatework.settings import MusicConfig

WINDOW = 1024
"""Steps measured at once; the state is carried, so that pieces of any length fit the memory."""


@dataclass(frozen=True)
class PieceBatch(Batch):
    """Pieces side by side.

    Attributes:
        rolls: (time, batch, 88) bool, padded with silence.
        lengths: (batch,) steps of each piece, at least 2.
    """

    rolls: Tensor
    lengths: Tensor


class MusicModel(ExampleModel[MusicConfig, RollCodec, Piece, PieceBatch]):
    r"""Projection (or none), recurrent stack, dropout, an independent Bernoulli output for each of the 88 keys.

        NLL = - sum_{t=2..T} sum_{k=1..88} x_tk log p_tk + (1 - x_tk) log (1 - p_tk),   p_t = f(x_1 .. x_{t-1})

    The loss is its sum over pieces divided by the number of predicted steps, in nats: of all pieces together, not the
    mean of the pieces' means. The first step is read and not predicted.

    Args:
        config: its shape.
        codec: how long a step is, and how pieces begin.

    Raises:
        InputError: the cell does not exist, does not take the options, or lacks what is to be regularised.

    Reference: Boulanger-Lewandowski, Bengio and Vincent 2012, arXiv:1206.6392; counted as by Bai, Kolter and Koltun
    2018, arXiv:1803.01271.
    """

    task = "music"
    unit = "step"
    Config = MusicConfig
    Codec = RollCodec

    def __init__(self, config: MusicConfig, codec: RollCodec) -> None:
        super().__init__(config, codec)
        width = config.projection_size
        self.projection = nn.Linear(KEYS, width) if width else None
        self.stack = make_stack(config, width or KEYS)
        self.output = nn.Linear(self.stack.output_size, KEYS)
        frequencies = torch.tensor(codec.frequencies, dtype=self.output.bias.dtype)
        self.output.bias = nn.Parameter(torch.logit(frequencies))  # else the first epochs only learn these

    def forward(self, rolls: Tensor, state: Any = None, *, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        """Predict the step after each.

        Args:
            rolls: (time, batch, 88), 1 where a key sounds.
            state: what an earlier call returned; the initial state where none is given.
            lengths: (batch,) steps of each row; all where None.

        Returns:
            Logits (time, batch, 88) and the state after each row's last step.
        """
        x = F.dropout(rolls.to(self.output.weight.dtype), self.config.input_dropout, self.training)
        if self.projection is not None:
            x = self.projection(x)
        result = self.stack(x, state, lengths=lengths)
        return self.output(F.dropout(result.outputs, self.config.dropout, self.training)), result.state

    def step(self, keys: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Read one step a row, for streaming: keys (batch, 88) to logits (batch, 88) and the state."""
        logits, state = self(keys[None], state)
        return logits[0], state

    def length(self, example: Piece) -> int:
        """Steps of a piece."""
        return len(example.roll)

    def collate(self, examples: Sequence[Piece]) -> PieceBatch:
        """Pieces side by side."""
        return PieceBatch(*padded([example.roll for example in examples]))

    def loss(self, batch: PieceBatch) -> Tensor:
        """Mean negative log-likelihood of a predicted step, nats; pieces are transposed at random while training."""
        rolls = batch.rolls
        if self.training and self.config.transpose:
            rolls = transposed(rolls, self.config.transpose)
        logits, _ = self(rolls[:-1], lengths=batch.lengths - 1)
        nats = step_nats(logits, rolls[1:])
        return nats[is_real(batch.lengths - 1, len(nats))].mean()

    def totals(self, batch: PieceBatch) -> Totals:
        """Nats and predicted steps, and how many notes were found, missed, and heard where there were none."""
        sums, state = torch.zeros(4, dtype=torch.float64), None
        ahead = batch.lengths - 1
        for first in range(0, len(batch.rolls) - 1, WINDOW):
            part = batch.rolls[first : first + WINDOW + 1]
            lengths = (ahead - first).clamp(0, len(part) - 1)
            logits, state = self(part[:-1], state, lengths=lengths)
            real = is_real(lengths, len(logits))
            played, truth = (logits > 0)[real], part[1:][real].bool()
            counts = [(played & truth).sum(), (~played & truth).sum(), (played & ~truth).sum()]
            sums += torch.stack([step_nats(logits, part[1:])[real].double().sum(), *counts]).double().cpu()
        loss, found, missed, false = sums.tolist()
        return {"loss": loss, "count": float(ahead.sum()), "found": found, "missed": missed, "false": false}

    def figures(self, totals: Totals) -> dict[str, float]:
        """Frame accuracy: found / (found + missed + false) where notes of probability 1/2 and more are played.

        Reference: Bay, Ehmann and Downie 2009, Evaluation of multiple-F0 estimation and tracking systems, ISMIR.
        """
        every = totals["found"] + totals["missed"] + totals["false"]
        return {"frame_accuracy": totals["found"] / every if every else 1.0}

    @torch.no_grad()
    def after(self, roll: np.ndarray) -> Tensor:
        """What is expected after each step, in evaluation mode: roll (time, 88) to logits (time, 88) on the CPU."""
        device, training = self.output.weight.device, self.training
        self.eval()
        try:
            parts, state = [], None
            for part in torch.from_numpy(roll).to(device).split(WINDOW):
                logits, state = self(part[:, None], state)
                parts.append(logits[:, 0].cpu())
        finally:
            self.train(training)
        return torch.cat(parts)


def step_nats(logits: Tensor, rolls: Tensor) -> Tensor:
    """Negative log-likelihood of each step in nats: logits and rolls (..., 88) to (...)."""
    return F.binary_cross_entropy_with_logits(logits.float(), rolls.float(), reduction="none").sum(-1)


def transposed(rolls: Tensor, most: int) -> Tensor:
    """Move each piece up or down by up to ``most`` keys, at random and never off the keyboard.

    Args:
        rolls: (time, batch, 88) bool.
        most: semitones.

    Returns:
        The same shape.
    """
    used = rolls.any(0)
    keys = torch.arange(rolls.shape[2], device=rolls.device)
    lowest = torch.where(used, keys, rolls.shape[2]).amin(1)
    highest = torch.where(used, keys, -1).amax(1)
    drawn = torch.randint(-most, most + 1, (rolls.shape[1],)).to(rolls.device)
    shift = torch.minimum(torch.maximum(drawn, -lowest), rolls.shape[2] - 1 - highest)
    source = (keys - shift[:, None]) % rolls.shape[2]  # what would wrap around is silent
    return rolls.gather(2, source.expand_as(rolls))
