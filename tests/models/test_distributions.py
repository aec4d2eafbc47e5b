"""Losses and draws of the output distributions against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from gatework.models.distributions import SMALLEST, Gaussian, NegativeBinomial, Quantiles, StudentT
from gatework.settings.tasks.forecast import QUANTILES

DRAWS = 40_000


def softplus(value: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(value)) + SMALLEST


def some(outputs: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.randn(5, 3, outputs).double(), torch.randn(5, 3).double(), torch.rand(3).double() * 20 + 3


def of_scipy(family: object, raw: np.ndarray, scale: np.ndarray) -> object:
    if isinstance(family, Gaussian):
        return stats.norm(raw[..., 0], softplus(raw[..., 1]))
    if isinstance(family, StudentT):
        freedom = 2 + softplus(raw[..., 2] + 2) - SMALLEST
        return stats.t(freedom, raw[..., 0], softplus(raw[..., 1]))
    mean, shape = scale * softplus(raw[..., 0]), softplus(raw[..., 1]) / np.sqrt(scale)
    return stats.nbinom(1 / shape, 1 / (1 + mean * shape))


@pytest.mark.parametrize("family", [Gaussian(), StudentT()])
def test_densities_are_scipys(family: Gaussian | StudentT) -> None:
    raw, value, scale = some(family.outputs)
    wanted = -of_scipy(family, raw.numpy(), scale.numpy()).logpdf(value.numpy())
    np.testing.assert_allclose(family.loss(raw, value, scale), wanted, rtol=1e-9)


def test_counts_have_scipys_probabilities() -> None:
    family = NegativeBinomial()
    raw, _, scale = some(2)
    count = torch.randint(0, 50, (5, 3)).double()
    wanted = -of_scipy(family, raw.numpy(), scale.numpy()).logpmf(count.numpy())
    np.testing.assert_allclose(family.loss(raw, count / scale, scale), wanted, rtol=1e-8)


@pytest.mark.parametrize("family", [Gaussian(), StudentT(), NegativeBinomial()])
def test_draws_come_from_the_distribution(family: Gaussian | StudentT | NegativeBinomial) -> None:
    raw, scale = torch.tensor([0.7, -0.4, 0.3][: family.outputs]).double(), torch.tensor(11.0).double()
    drawn = family.draw(raw.expand(DRAWS, family.outputs), scale, np.random.default_rng(5))
    counts = isinstance(family, NegativeBinomial)
    truth = of_scipy(family, raw.numpy(), scale.numpy())
    found = np.round(drawn * 11) if counts else drawn
    for level in (0.1, 0.5, 0.9):
        share = (found <= truth.ppf(level)).mean()
        assert share == pytest.approx(truth.cdf(truth.ppf(level)), abs=0.012)  # five deviations of the share
    if counts:
        np.testing.assert_allclose(found, drawn * 11, atol=1e-6)


def test_quantiles_are_in_order_and_draws_follow_them() -> None:
    family = Quantiles()
    raw = 3 * torch.randn(7, family.outputs).double()
    values = family.values(raw)
    assert (values.diff(dim=-1) > 0).all()
    assert torch.equal(values[:, 3], raw[:, 3])
    drawn = family.draw(raw[:1].expand(DRAWS, -1), torch.ones(()), np.random.default_rng(5))
    for level, value in zip(QUANTILES, values[0].tolist(), strict=True):
        assert (drawn <= value).mean() == pytest.approx(level, abs=0.012)


def test_the_pinball_loss_is_least_at_the_quantiles() -> None:
    values = np.random.default_rng(7).exponential(size=2000)
    raw = torch.zeros(Quantiles.outputs, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([raw], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = Quantiles().loss(raw, torch.from_numpy(values), torch.ones(())).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    found = Quantiles().values(raw).detach().numpy()
    np.testing.assert_allclose(found, np.quantile(values, QUANTILES), rtol=0.02, atol=0.01)
