"""Which symbol to write, given the model's logits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gatework.generation.ranges import check_ranges


@dataclass(frozen=True)
class Sampling:
    """How a symbol is drawn.

    The logits are divided by the temperature, then cut to the ``top_k`` likeliest and to the smallest set
    of likeliest whose probabilities reach ``top_p`` (Holtzman et al. 2020, arXiv:1904.09751).

    Attributes:
        temperature: below 1 more cautious, above more daring; 0 takes the likeliest (greedy).
        top_k: how many of the likeliest are considered; None for all.
        top_p: how much probability is considered, in (0, 1]; 1 for all.
        repetition_penalty: at least 1; divides positive logits of symbols written lately, multiplies
            negative ones (Keskar et al. 2019, arXiv:1909.05858).

    Raises:
        InputError: a number is out of range.
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float = 1.0
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        check_ranges(
            ("temperature", self.temperature, 0 <= self.temperature < math.inf, "0 or larger, and finite"),
            ("top_k", self.top_k, self.top_k is None or self.top_k >= 1, "at least 1"),
            ("top_p", self.top_p, 0 < self.top_p <= 1, "above 0 and at most 1"),
            (
                "repetition_penalty",
                self.repetition_penalty,
                1 <= self.repetition_penalty < math.inf,
                "at least 1, and finite",
            ),
        )

    def draw(self, logits: Tensor, generator: torch.Generator, recent: Tensor | None = None) -> Tensor:
        """Draw one symbol a row.

        Args:
            logits: (batch, symbols).
            generator: where the randomness comes from.
            recent: (batch, n) symbols written lately, for the repetition penalty.

        Returns:
            (batch,) int64.
        """
        logits = logits.float()
        if recent is not None and self.repetition_penalty != 1:
            logits = self._penalised(logits, recent)
        if self.temperature == 0:
            return logits.argmax(dim=-1)
        below = logits - logits.amax(dim=-1, keepdim=True)  # the greatest is 0: no temperature makes it infinite
        probabilities = torch.softmax(self._cut(below / self.temperature), dim=-1)
        return torch.multinomial(probabilities, 1, generator=generator)[:, 0]

    def _penalised(self, logits: Tensor, recent: Tensor) -> Tensor:
        seen = logits.gather(1, recent)
        penalty = self.repetition_penalty
        return logits.scatter(1, recent, torch.where(seen > 0, seen / penalty, seen * penalty))

    def _cut(self, logits: Tensor) -> Tensor:
        if self.top_k is not None and self.top_k < logits.shape[-1]:
            best = logits.topk(self.top_k, dim=-1)
            logits = torch.full_like(logits, -torch.inf).scatter(1, best.indices, best.values)
        if self.top_p < 1:
            ordered, order = logits.sort(dim=-1, descending=True)
            before = torch.softmax(ordered, dim=-1).cumsum(dim=-1) - torch.softmax(ordered, dim=-1)
            logits = logits.masked_fill((before >= self.top_p).scatter(1, order, before >= self.top_p), -torch.inf)
        return logits
