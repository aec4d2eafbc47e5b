"""Looking for a learning rate: where the loss is lowest, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from gatework.errors import InputError
from gatework.models.pretrained import own_tensors
from gatework.training.rate_finder import find_rate


@pytest.fixture
def fresh(setup: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **options: setup(path=None, clip_norm=None, **options).trainer()


def test_the_suggestion_trains_better_than_far_smaller_and_larger_rates(setup: Callable[..., Any]) -> None:
    def loss(rate: float) -> float:
        options = {"optimizer": "sgd", "schedule": "constant", "steps": 60, "clip_norm": None}
        return setup(path=None, learning_rate=rate, **options).fitted().rows[-1]["loss"]

    trainer = setup(path=None, optimizer="sgd", clip_norm=None).trainer()
    found = find_rate(trainer, lowest=1e-4, highest=300.0, updates=60)
    assert found.rates[0] == 1e-4
    assert found.rates == sorted(found.rates)
    assert len(found.rates) == len(found.losses) < 60  # given up where it diverged
    assert found.suggestion == pytest.approx(found.rates[found.losses.index(min(found.losses))] / 10)
    assert loss(found.suggestion) < loss(found.suggestion / 100) - 0.1


def test_the_model_is_as_before(fresh: Callable[..., Any]) -> None:
    trainer = fresh()
    before = {name: tensor.clone() for name, tensor in own_tensors(trainer.model).items()}
    find_rate(trainer, updates=25)
    assert all(torch.equal(tensor, before[name]) for name, tensor in own_tensors(trainer.model).items())
    assert not trainer.optimizer.state
    assert trainer.position.step == 0
    assert trainer.fit().steps == 40


def test_the_first_loss_is_that_of_the_first_batch(fresh: Callable[..., Any]) -> None:
    trainer = fresh()
    first = float(trainer.objective.loss(0, 0, None)[0].detach())
    assert find_rate(fresh(), updates=20).losses[0] == pytest.approx(first, rel=1e-5)


@pytest.mark.parametrize("options", [{"lowest": 1.0, "highest": 0.1}, {"lowest": 0.0}, {"updates": 3}])
def test_ranges_that_tell_nothing(fresh: Callable[..., Any], options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="tell nothing"):
        find_rate(fresh(), **options)


def test_it_can_be_stopped(fresh: Callable[..., Any]) -> None:
    trainer, before = fresh(), []
    before = [tensor.clone() for tensor in own_tensors(trainer.model).values()]

    def stop() -> None:
        if trainer.optimizer.state:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_rate(trainer, poll=stop)
    assert all(torch.equal(a, b) for a, b in zip(own_tensors(trainer.model).values(), before, strict=True))
