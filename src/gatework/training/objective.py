"""What a trainer trains on: batches of a pass, their loss, and the score on held-out data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from gatework.training.score import Score


class Objective(Protocol):
    """The batches of each pass over the data, numbered from 0, and what is to be made small.

    Attributes:
        unit: what is counted for the speed: "symbol", "example".
        fingerprint: of the data, so that a run is resumed with its own.
        validation_share: units of the validation part as a share of those of a pass.
    """

    unit: str
    fingerprint: str
    validation_share: float

    def batches(self, epoch: int) -> int:
        """How many updates a pass has; the same whenever asked."""
        ...

    def units(self, epoch: int, index: int) -> int:
        """Units of a batch."""
        ...

    def loss(self, epoch: int, index: int, state: Any) -> tuple[Tensor, Any]:
        """The mean loss of a batch, and the detached state that the next one starts from (None where none is)."""
        ...

    def score(self, poll: Callable[[], None]) -> Score | None:
        """The score on the validation part; None where there is none. ``poll`` is called often and may raise."""
        ...

    def columns(self, loss: float) -> dict[str, float]:
        """What a row of metrics has beside its loss."""
        ...
