"""How well a model does on held-out data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Score:
    """A model's score on a text or on examples.

    Attributes:
        loss: mean loss of a unit; nats where it is a negative log-likelihood, as a text's always is.
        count: units predicted: symbols of a text, or what the model calls its unit.
        figures: whatever else was measured, by name.
        goal: the figure by which the best model is chosen, higher being better; the loss where empty.
        totals: the sums that the figures were made of, where examples were measured.
    """

    loss: float
    count: int
    figures: Mapping[str, float] = field(default_factory=dict)
    goal: str = ""
    totals: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def nats(self) -> float:
        """The loss, where it is a negative log-likelihood."""
        return self.loss

    @property
    def bits(self) -> float:
        """The same in bits."""
        return self.loss / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(nats), infinite where that is too large for a float."""
        return math.exp(self.loss) if self.loss < 700 else math.inf

    @property
    def rank(self) -> float:
        """What is lowest for the best model."""
        return -self.figures[self.goal] if self.goal else self.loss
