"""Pictures as regions: a small convolutional network, or feature vectors that somebody else's network made."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gatework.errors import InputError
from gatework.models.encoder import make_stack
from gatework.settings import EncoderConfig
from gatework.settings.tasks.caption import Colours

GROUPS = 4  # of channels that are normalised together
COLOUR_SHARE = 2  # channels of colours seen apart, for each of the first convolution
SCALE = 2.0  # deviation of the entries of a region's vector at first, beside 1 of those of its place


class PictureRegions(nn.Module):
    """Convolutions over a square picture; every place of the last one is a region, and knows where it is.

    Each convolution looks at 3 x 3 places, has twice as many channels as the one before, and is followed by the maxima
    of 2 x 2 places. What each gives is normalised in groups of channels (Wu and He 2018): over a batch it cannot be,
    since captions of one length, and so pictures of one kind, come together.

    With colours apart, these see the brightness alone, the largest of red, green and blue; one convolution more sees
    the colours, as their means over half a region, and both stand side by side in a region. What has a form is then
    found whatever its colour, also in one it never had in training; and coarse colours are enough, as they are for
    television and JPEG. Together, one row of convolutions sees all.

    A region's vector is a map of its channels and learned vectors of its row and its column (as in Parmar et al. 2018).

    Args:
        size: height and width of the pictures, pixels.
        convolutions: how many.
        channels: of the first.
        width: of a region's vector.
        colours: "apart" or "together".

    Attributes:
        grid: rows, and columns, of regions.

    Raises:
        InputError: the pictures are too small for so many convolutions.
    References: arXiv:1803.08494; arXiv:1802.05751
    """

    def __init__(self, size: int, *, convolutions: int, channels: int, width: int, colours: Colours = "apart") -> None:
        super().__init__()
        self.grid = size // 2**convolutions
        if not self.grid:
            raise InputError(
                f"{convolutions} convolutions leave nothing of {size} x {size} pixels", "take fewer, or a larger --size"
            )
        widths = [channels * 2**depth for depth in range(convolutions)]
        self.forms = _halving([1 if colours == "apart" else 3, *widths])
        self.colours = nn.Sequential()
        if colours == "apart":
            means = nn.AvgPool2d(2 ** (convolutions - 1))
            self.colours = nn.Sequential(means, *_halving([3, COLOUR_SHARE * channels]))
            widths[-1] += COLOUR_SHARE * channels
        self.project = _Vectors(widths[-1], width)
        self.rows = nn.Parameter(torch.randn(self.grid, 1, width))
        self.columns = nn.Parameter(torch.randn(1, self.grid, width))

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (batch, 3, size, size) uint8 to regions (grid * grid, batch, width), row by row."""
        values = pictures.to(self.rows.dtype) / 255 - 0.5
        if len(self.colours):
            brightness = values.amax(dim=1, keepdim=True)
            found = torch.cat([self.forms(brightness), self.colours(values)], dim=1)
        else:
            found = self.forms(values)
        places = (self.rows + self.columns).flatten(0, 1)
        return self.project(found.flatten(2).permute(2, 0, 1)) + places[:, None]


def _halving(widths: Sequence[int]) -> nn.Sequential:
    """Convolutions between these numbers of channels; each halves height and width."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        groups = math.gcd(after, GROUPS)
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.GroupNorm(groups, after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers)


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


class RegionReading(nn.Module):
    """Recurrent layers over the regions in both directions, so that each knows the others: what is first, what beside.

        r'_j = r_j + W [f_j; b_j] + b          f, b: states of the layers that have read up to j from either end

    After the row encoder of Deng, Kanervisto, Ling and Rush 2017, which reads each row of regions by itself.

    Args:
        config: of the layers.
        width: of a region's vector.

    Raises:
        InputError: the cell does not exist, or does not take the options.
    Reference: arXiv:1609.04938
    """

    def __init__(self, config: EncoderConfig, width: int) -> None:
        super().__init__()
        self.stack = make_stack(config, width)
        self.project = nn.Linear(self.stack.output_size, width)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Regions (regions, batch, width), of which a picture has as many as lengths (batch,) says, to such."""
        return values + self.project(self.stack(values, lengths=lengths).outputs)


class _Vectors(nn.Sequential):
    """A linear map, normalised: what stands out in few regions must not vanish in the mean of many.

    Attention begins as such a mean, and learns where to look from what it can tell by it.
    """

    def __init__(self, given: int, width: int) -> None:
        norm = nn.LayerNorm(width)
        nn.init.constant_(norm.weight, SCALE)
        super().__init__(nn.Linear(given, width), norm)
