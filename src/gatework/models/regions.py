"""Pictures as regions: a small convolutional network, or feature vectors that somebody else's network made."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gatework.errors import InputError

GROUPS = 4  # of channels that are normalised together
SCALE = 2.0  # deviation of the entries of a region's vector at first, beside 1 of those of its place


class PictureRegions(nn.Module):
    """Convolutions over a square picture; every place of the last one is a region, and knows where it is.

    Each convolution looks at 3 x 3 places and has twice as many channels as the one before; each but the last is
    followed by the maxima of 2 x 2 places. What each gives is normalised in groups of channels (Wu and He 2018): over
    a batch it cannot be, since captions of one length, and so pictures of one kind, come together. A region's vector
    is a map of its channels and a learned vector of its place.

    Args:
        size: height and width of the pictures, pixels.
        convolutions: how many.
        channels: of the first.
        width: of a region's vector.

    Attributes:
        grid: rows, and columns, of regions.

    Raises:
        InputError: the pictures are too small for so many convolutions.
    Reference: arXiv:1803.08494
    """

    def __init__(self, size: int, *, convolutions: int, channels: int, width: int) -> None:
        super().__init__()
        self.grid = size // 2 ** (convolutions - 1)
        if not self.grid:
            raise InputError(
                f"{convolutions} convolutions leave nothing of {size} x {size} pixels", "take fewer, or a larger --size"
            )
        layers: list[nn.Module] = []
        before = 3
        for depth in range(convolutions):
            after = channels * 2**depth
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.GroupNorm(math.gcd(after, GROUPS), after), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] if depth < convolutions - 1 else []
            before = after
        self.convolutions = nn.Sequential(*layers)
        self.project = _Vectors(before, width)
        self.places = nn.Parameter(torch.randn(self.grid**2, width))

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (batch, 3, size, size) uint8 to regions (grid * grid, batch, width), row by row."""
        values = pictures.to(self.places.dtype) / 255 - 0.5
        found = self.convolutions(values).flatten(2).permute(2, 0, 1)
        return self.project(found) + self.places[:, None]


class FeatureRegions(nn.Module):
    """A learned map of given feature vectors.

    Args:
        features: width of what is given.
        width: of a region's vector.
    """

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.project = _Vectors(features, width)

    def forward(self, features: Tensor) -> Tensor:
        """Features (regions, batch, features) to regions (regions, batch, width)."""
        return self.project(features)


class _Vectors(nn.Sequential):
    """A linear map, normalised: what stands out in few regions must not vanish in the mean of many.

    Attention begins as such a mean, and learns where to look from what it can tell by it.
    """

    def __init__(self, given: int, width: int) -> None:
        norm = nn.LayerNorm(width)
        nn.init.constant_(norm.weight, SCALE)
        super().__init__(nn.Linear(given, width), norm)
