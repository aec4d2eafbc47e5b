"""Optimizers against torch.optim by hand; learning rates and limits against their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from gatework.settings import TrainingConfig
from gatework.training import Schedule
from gatework.training.optimizers import USUAL_LEARNING_RATE, make_optimizer, peak_learning_rate
from gatework.training.schedules import Limits

# by hand: name -> torch.optim of parameters, with the options that TrainingConfig has by default
BY_HAND: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.03),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.03, momentum=0.7),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.03, momentum=0.7, nesterov=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.03),
    "adadelta": lambda p: torch.optim.Adadelta(p, lr=0.03, rho=0.95),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.03, alpha=0.95),
    "rmsprop-momentum": lambda p: torch.optim.RMSprop(p, lr=0.03, alpha=0.95, momentum=0.7),
    "adam": lambda p: torch.optim.Adam(p, lr=0.03, betas=(0.7, 0.95)),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.03, betas=(0.7, 0.95), weight_decay=0.1),
}


def weights() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(1)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((3, 5), (7,))]


def take_steps(optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter]) -> None:
    generator = torch.Generator().manual_seed(2)
    for _ in range(5):
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimizer.step()


@pytest.mark.parametrize("decay", [None, 0.0, 0.3])
@pytest.mark.parametrize("name", BY_HAND)
def test_steps_equal_those_of_torch_optim(name: str, decay: float | None) -> None:
    config = TrainingConfig(optimizer=name, learning_rate=0.03, momentum=0.7, second_decay=0.95, weight_decay=decay)
    ours, theirs = weights(), weights()
    optimizer, by_hand = make_optimizer(ours, config), BY_HAND[name](theirs)
    if decay is not None:
        by_hand.param_groups[0]["weight_decay"] = decay
    assert type(optimizer) is type(by_hand)
    take_steps(optimizer, ours)
    take_steps(by_hand, theirs)
    for one, other, start in zip(ours, theirs, weights(), strict=True):
        torch.testing.assert_close(one, other)
        assert not torch.allclose(one, start)


@pytest.mark.parametrize("name", BY_HAND)
def test_usual_settings(name: str) -> None:
    config = TrainingConfig(optimizer=name)
    (group,) = make_optimizer(weights(), config).param_groups
    assert group["lr"] == peak_learning_rate(config) == USUAL_LEARNING_RATE[name] > 0
    assert group["weight_decay"] == (0.1 if name == "adamw" else 0)
    assert peak_learning_rate(TrainingConfig(optimizer=name, learning_rate=0.123)) == 0.123


def rates(schedule: Schedule, steps: int = 100, epoch: int = 20) -> list[float]:
    return [schedule.factor(step, step / epoch, step / steps) for step in range(steps)]


def schedule(name: str = "constant", **options: Any) -> Schedule:
    return Schedule(TrainingConfig(schedule=name, **{"warmup": 0, **options}))


def test_constant() -> None:
    assert rates(schedule()) == [1.0] * 100


def test_cosine_falls_from_the_peak_to_nothing() -> None:
    found = rates(schedule("cosine"))
    assert found[0] == 1
    assert found[50] == pytest.approx(0.5)
    assert found[25] == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert 0 < found[-1] < 1e-3
    assert found == sorted(found, reverse=True)
    assert schedule("cosine").factor(100, 5, 1.0) == pytest.approx(0, abs=1e-15)


def test_warm_up_is_linear_and_reaches_the_peak() -> None:
    found = rates(schedule(warmup=8))
    assert found[:9] == pytest.approx([1 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8, 7 / 8, 1, 1])
    assert found[9:] == [1.0] * 91
    both = rates(schedule("cosine", warmup=8))
    assert both[3] == pytest.approx(0.5 * rates(schedule("cosine"))[3])


def test_steps_of_epochs() -> None:
    found = rates(schedule("step", decay=0.1, decay_every=2))
    assert found == pytest.approx([1.0] * 40 + [0.1] * 40 + [0.01] * 20)
    half = rates(schedule("step", decay=0.5, decay_every=0.5))
    assert half == pytest.approx([0.5 ** (step // 10) for step in range(100)])


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_plateau_decays_after_its_patience(patience: int) -> None:
    plan = schedule("plateau", decay=0.5, decay_patience=patience)
    losses = [3.0, 2.0, *[2.0] * (patience + 1), 1.5, *[1.6] * (2 * patience + 2)]
    found = []
    for loss in losses:
        plan.validated(loss)
        found.append(plan.factor(9, 1, 0.5))
    wanted = [1.0, 1.0, *[1.0] * patience, 0.5, 0.5, *[0.5] * patience, 0.25, *[0.25] * patience, 0.125]
    assert found == wanted


def test_plateau_goes_on_from_its_state() -> None:
    one, two = (schedule("plateau", decay_patience=2) for _ in range(2))
    for loss in (3.0, 2.0, 2.5, 2.4):
        one.validated(loss)
    two.restore(one.state())
    for plan in (one, two):
        plan.validated(2.1)
    assert one.factor(9, 1, 0.5) == two.factor(9, 1, 0.5) == 0.5
    assert one.state() == two.state()


@pytest.mark.parametrize(
    ("options", "steps", "seconds"),
    [
        ({}, 370, None),
        ({"epochs": 2}, 74, None),
        ({"epochs": 0.001}, 1, None),
        ({"steps": 5}, 5, None),
        ({"minutes": 2}, None, 120),
        ({"epochs": 2, "steps": 50}, 50, None),
        ({"epochs": 1, "steps": 50}, 37, None),
        ({"epochs": 1, "minutes": 0.5}, 37, 30),
        ({"epochs": 3, "steps": 50, "minutes": 0.5}, 50, 30),
    ],
    ids=str,
)
def test_limits_of_a_configuration(options: dict[str, Any], steps: int | None, seconds: float | None) -> None:
    assert Limits.of(TrainingConfig(**options), 37) == Limits(steps, seconds)


def test_progress_is_that_of_the_nearest_limit() -> None:
    assert Limits(50, None).progress(10, 1e9) == pytest.approx(0.2)
    assert Limits(None, 60).progress(10**9, 15) == pytest.approx(0.25)
    assert Limits(50, 60).progress(10, 15) == pytest.approx(0.25)
    assert Limits(50, 60).progress(40, 15) == pytest.approx(0.8)
    assert Limits(None, 60).progress(1, 15, reserved=30) == pytest.approx(0.5)
    assert Limits(None, 60).progress(1, 1, reserved=90) == 1
    assert Limits(50, 60).progress(51, 61) == 1
