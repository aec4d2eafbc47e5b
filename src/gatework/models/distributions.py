"""What a forecast says of one step: a distribution, from the numbers that a network puts out for it."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.settings.tasks.forecast import QUANTILES, DistributionName

SMALLEST = 1e-4
"""Of a scale, so that no likelihood grows without bound."""


class Distribution(Protocol):
    """A family of distributions of scaled values.

    Attributes:
        outputs: numbers that describe one of them.
    """

    outputs: int

    def loss(self, raw: Tensor, value: Tensor, scale: Tensor) -> Tensor:
        """Loss of values, elementwise.

        Args:
            raw: (..., outputs) what a network put out; all zero is a sensible beginning.
            value: (...) scaled.
            scale: (...) or broadcast to it: by what values were divided.
        """
        ...

    def draw(self, raw: Tensor, scale: Tensor, generator: np.random.Generator) -> np.ndarray:
        """One scaled value of each: raw (..., outputs) to (...) float64."""
        ...


class Gaussian:
    """Normal: mean and deviation (softplus). The loss is the negative log-likelihood in nats."""

    outputs = 2

    def loss(self, raw: Tensor, value: Tensor, scale: Tensor) -> Tensor:
        """-log N(value; mean, deviation)."""
        mean, deviation = raw[..., 0], F.softplus(raw[..., 1]) + SMALLEST
        return 0.5 * ((value - mean) / deviation).square() + deviation.log() + 0.5 * math.log(2 * math.pi)

    def draw(self, raw: Tensor, scale: Tensor, generator: np.random.Generator) -> np.ndarray:
        """Mean and deviation times a standard normal number."""
        mean, deviation = _numpy(raw[..., 0]), _numpy(F.softplus(raw[..., 1]) + SMALLEST)
        return mean + deviation * generator.standard_normal(mean.shape)


class StudentT:
    """Student's t: location, scale (softplus) and degrees of freedom (2 + softplus, so that there is a variance)."""

    outputs = 3

    def loss(self, raw: Tensor, value: Tensor, scale: Tensor) -> Tensor:
        """-log t(value; location, spread, freedom)."""
        location, spread, freedom = self._parameters(raw)
        half = freedom / 2
        square = ((value - location) / spread).square()
        constant = torch.lgamma(half + 0.5) - torch.lgamma(half) - 0.5 * torch.log(freedom * math.pi)
        return spread.log() - constant + (half + 0.5) * torch.log1p(square / freedom)

    def draw(self, raw: Tensor, scale: Tensor, generator: np.random.Generator) -> np.ndarray:
        """Location and spread times a number from t."""
        location, spread, freedom = map(_numpy, self._parameters(raw))
        return location + spread * generator.standard_t(freedom)

    @staticmethod
    def _parameters(raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        location, spread, freedom = raw.unbind(-1)
        return location, F.softplus(spread) + SMALLEST, 2 + F.softplus(freedom + 2)


class NegativeBinomial:
    """Negative binomial of counts (Salinas, Flunkert and Gasthaus 2017): mean and shape, by the scale of the series.

    The mean is scale * softplus, the variance mean + mean^2 * shape, the shape softplus / sqrt(scale).
    """

    outputs = 2

    def loss(self, raw: Tensor, value: Tensor, scale: Tensor) -> Tensor:
        """-log NB(count; mean, shape), of the count and not of the scaled value."""
        mean, shape = self._parameters(raw, scale)
        count, inverse = torch.round(value * scale), 1 / shape
        spread = torch.log1p(mean * shape)
        chosen = torch.lgamma(count + inverse) - torch.lgamma(inverse) - torch.lgamma(count + 1)
        return inverse * spread - chosen - count * (torch.log(mean * shape) - spread)

    def draw(self, raw: Tensor, scale: Tensor, generator: np.random.Generator) -> np.ndarray:
        """A Poisson count whose rate is drawn from a gamma distribution."""
        mean, shape = map(_numpy, self._parameters(raw, scale))
        rate = generator.gamma(1 / shape, shape * mean)
        return generator.poisson(np.minimum(rate, 1e15)) / _numpy(scale)

    @staticmethod
    def _parameters(raw: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        mean = scale * (F.softplus(raw[..., 0]) + SMALLEST)
        return mean, (F.softplus(raw[..., 1]) + SMALLEST) / scale.sqrt()


class Quantiles:
    """Values below which a share falls, in order without crossing; the loss is the mean pinball loss, doubled.

    The middle one is put out, the others as steps (softplus) away from their neighbour. Values are drawn from the
    piecewise linear quantile function through them, whose outer pieces go on.
    """

    levels = QUANTILES
    outputs = len(QUANTILES)

    def values(self, raw: Tensor) -> Tensor:
        """The quantiles: (..., outputs) to the same shape, rising."""
        middle = self.outputs // 2
        steps = F.softplus(raw)
        below = raw[..., middle : middle + 1] - steps[..., :middle].flip(-1).cumsum(-1).flip(-1)
        above = raw[..., middle : middle + 1] + steps[..., middle + 1 :].cumsum(-1)
        return torch.cat([below, raw[..., middle : middle + 1], above], dim=-1)

    def loss(self, raw: Tensor, value: Tensor, scale: Tensor) -> Tensor:
        """2 * mean of max(level * error, (level - 1) * error)."""
        error = value[..., None] - self.values(raw)
        levels = torch.tensor(self.levels, dtype=error.dtype, device=error.device)
        return 2 * torch.maximum(levels * error, (levels - 1) * error).mean(-1)

    def draw(self, raw: Tensor, scale: Tensor, generator: np.random.Generator) -> np.ndarray:
        """The quantile function at a share drawn evenly."""
        values, levels = _numpy(self.values(raw)), np.array(self.levels)
        share = generator.random(values.shape[:-1])
        piece = np.clip(np.searchsorted(levels, share) - 1, 0, self.outputs - 2)
        low, high = (np.take_along_axis(values, (piece + step)[..., None], -1)[..., 0] for step in (0, 1))
        return low + (high - low) * (share - levels[piece]) / (levels[piece + 1] - levels[piece])


DISTRIBUTIONS: dict[DistributionName, type[Distribution]] = {
    "gaussian": Gaussian,
    "student-t": StudentT,
    "negative-binomial": NegativeBinomial,
    "quantile": Quantiles,
}


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()
