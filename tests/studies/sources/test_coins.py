"""The coins have the chances that the source says; the floors are its figures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework.studies.sources.coins import coins, expected_loss, floors


def test_floors_are_the_published_ones():
    assert list(floors().values()) == pytest.approx([0.661563, 0.519167, 0.454454], abs=1e-6)


def test_coins_depend_on_the_third_and_the_eighth_before():
    x, y, chance = (part[..., 0].numpy() for part in coins(20_000, 11, np.random.default_rng(5)))
    near, far = x[5:-3], x[:-8]
    for first in (0, 1):
        for second in (0, 1):
            here = (near == first) & (far == second)
            assert set(chance[8:][here]) == {0.5 + 0.5 * first - 0.25 * second}
            assert y[8:][here].mean() == pytest.approx(0.5 + 0.5 * first - 0.25 * second, abs=0.01)
    assert x.mean() == pytest.approx(0.5, abs=0.01)


def test_streams_are_independent():
    x = coins(20_000, 3, np.random.default_rng(5)).x[..., 0].numpy()
    assert np.abs(np.corrcoef(x.T) - np.eye(3)).max() < 0.03


@pytest.mark.parametrize(("known", "floor"), [("both", "both"), ("none", "neither")])
def test_the_expected_loss_of_known_answers_is_their_floor(known, floor):
    chance = coins(20_000, 5, np.random.default_rng(5)).chance
    answers = chance if known == "both" else torch.full_like(chance, 0.625)
    assert expected_loss(torch.logit(answers, 1e-7), chance) == pytest.approx(floors()[floor], abs=2e-3)
