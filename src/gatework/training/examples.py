"""Learning from separate examples, in batches of like length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gatework.data.batches import Buckets
from gatework.data.dataset import Dataset
from gatework.models.model import ExampleModel, Totals
from gatework.settings import ExampleTraining
from gatework.training.score import Score

MEASURING = 64
"""Examples at once where nothing is learnt."""


class ExampleObjective:
    """What a model of separate examples calls its loss.

    Args:
        model: what learns; it may move to another device afterwards.
        dataset: what from.
        config: batches.
        device: where the model computes.
    """

    unit = "example"

    def __init__(
        self, model: ExampleModel, dataset: Dataset[Any, Any], config: ExampleTraining, device: torch.device
    ) -> None:
        self.model = model
        self.dataset = dataset
        self.device = device
        self.fingerprint = dataset.fingerprint
        self.config = config
        self.validation_share = len(dataset.validation) / len(dataset.train)
        self.buckets = Buckets(
            [model.length(example) for example in dataset.train],
            batch=config.batch,
            batch_steps=config.batch_steps,
            seed=config.seed,
        )

    def batches(self, epoch: int) -> int:
        """The batches of a pass."""
        return len(self.buckets.of(epoch))

    def units(self, epoch: int, index: int) -> int:
        """Examples of a batch."""
        return len(self.buckets.of(epoch)[index])

    def loss(self, epoch: int, index: int, state: Any) -> tuple[Tensor, Any]:
        """The loss of a batch; no state goes on from it."""
        batch = self.buckets.of(epoch)[index]
        examples = [self.dataset.train[number] for number in batch]
        return self.model.loss(self.model.collate(examples).to(self.device)), None

    def score(self, poll: Callable[[], None]) -> Score | None:
        """The score on the validation part, if there is one; the model is calibrated by it."""
        if not len(self.dataset.validation):
            return None
        most, steps = min(MEASURING, 4 * self.config.batch), self.config.batch_steps  # what fits where it learns
        found = measure(self.model, self.dataset.validation, batch=most, batch_steps=steps, poll=poll)
        totals = self.model.calibrate(dict(found.totals))
        return replace(found, figures=self.model.figures(totals), totals=totals)

    def columns(self, loss: float) -> dict[str, float]:
        """Nothing."""
        return {}


@torch.no_grad()
def measure(
    model: ExampleModel,
    examples: Sequence[Any],
    *,
    batch: int = MEASURING,
    batch_steps: int | None = None,
    poll: Callable[[], None] = lambda: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Score:
    """Measure a model on examples.

    Args:
        model: put into evaluation mode and back.
        examples: at least one.
        batch: how many at once.
        batch_steps: most steps at once, padding included.
        poll: called often; raises to give up.
        progress: told the batches done and how many there are.
    """
    batches = Buckets([model.length(example) for example in examples], batch=batch, batch_steps=batch_steps).ordered()
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    totals: Totals = {}
    try:
        for done, indices in enumerate(batches):
            poll()
            progress(done, len(batches))
            found = model.totals(model.collate([examples[index] for index in indices]).to(device))
            for name, value in found.items():
                totals[name] = totals.get(name, 0.0) + value
    finally:
        model.train(training)
    loss, count = totals["loss"] / totals["count"], round(totals["count"])
    return Score(loss, count, model.figures(totals), model.goal, totals)
