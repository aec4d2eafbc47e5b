"""Learning from a text as parallel streams: the state of each goes on from one update to the next."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gatework.data import Corpus
from gatework.models.language import LanguageModel
from gatework.settings import StreamTraining
from gatework.training.bptt import TruncatedBPTT
from gatework.training.evaluation import evaluate
from gatework.training.score import Score


class StreamObjective:
    """Which symbol comes next, by truncated backpropagation through time.

    Args:
        model: what predicts; it may move to another device afterwards.
        corpus: what.
        config: windows and batches.
        device: where the model computes.

    Raises:
        InputError: the training part is too short for the windows.
    """

    unit = "symbol"

    def __init__(self, model: LanguageModel, corpus: Corpus, config: StreamTraining, device: torch.device) -> None:
        self.model = model
        self.corpus = corpus
        self.device = device
        self.fingerprint = corpus.fingerprint
        self.bptt = TruncatedBPTT(k1=config.stride or config.window, k2=config.window)
        self.streams = self.bptt.streams(corpus.train, config.batch)
        self.validation_share = len(corpus.validation) / (len(self.streams) * self.units(0, 0))

    def batches(self, epoch: int) -> int:
        """The windows of the streams."""
        return len(self.streams)

    def units(self, epoch: int, index: int) -> int:
        """Symbols that are predicted in a window."""
        return self.bptt.k1 * self.streams.batch

    def loss(self, epoch: int, index: int, state: Any) -> tuple[Tensor, Any]:
        """The mean loss of a window, in nats."""
        return self.bptt.loss(self.model, self.streams[index].to(self.device), state)

    def score(self, poll: Callable[[], None]) -> Score | None:
        """The score on the validation text, if there is one."""
        if len(self.corpus.validation) < 2:
            return None
        return evaluate(self.model, self.corpus.validation, poll=poll)

    def columns(self, loss: float) -> dict[str, float]:
        """The loss in bits."""
        return {"bits": loss / math.log(2)}
