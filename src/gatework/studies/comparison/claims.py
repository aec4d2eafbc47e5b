"""What a source claims of two arms, and whether it holds here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from gatework.studies.statistics import Interval

Relation = Literal["lower", "alike", "not higher"]
WORDS = {"lower": "lower loss", "alike": "about the same loss", "not higher": "as low a loss, or lower"}


@dataclass(frozen=True)
class Claim:
    """A claim about losses.

    Attributes:
        arm: of which it is.
        other: what the arm is compared with.
        relation: of the arm's loss to the other's.
        source: who claims it, and of what.
    """

    arm: str
    other: str
    relation: Relation
    source: str

    def verdict(self, difference: Interval) -> str:
        """Whether it holds, by the interval of the arm's loss minus the other's, seed by seed."""
        if math.isnan(difference.half_width):
            return "cannot be told from one seed" if difference.count else "not measured"
        lower, higher = difference.high < 0, difference.low > 0
        if higher:
            return "no: it is higher"
        if self.relation == "lower":
            return "yes" if lower else "not told apart"
        if self.relation == "alike" and lower:
            return "no: it is lower"
        return "yes, lower" if lower else "yes: not told apart"
