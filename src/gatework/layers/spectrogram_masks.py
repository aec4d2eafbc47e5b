"""Parts of a spectrogram are hidden in training, so that no moment and no band is all that a model goes by."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gatework.layers.padding import steps_within


class SpectrogramMasks(nn.Module):
    """Masks of time and bands, drawn anew for each row in training: SpecAugment (Park et al. 2019) without warping.

    What is hidden becomes the mean of its feature over the row. Each mask has a width that is drawn evenly from zero
    to the widest, and then a place, also evenly.

    Args:
        bands: the last dimension is made of groups of so many features from low to high (bands, their slopes, stacked
            frames); a band is hidden in all groups.
        time_masks: spans of time.
        time_share: the longest span, as a share of a row's steps.
        band_masks: ranges of bands.
        band_share: the widest range, as a share of the bands.

    Raises:
        ValueError: a count is negative, or a share not in [0, 1].
    Reference: arXiv:1904.08779
    """

    def __init__(
        self,
        bands: int,
        *,
        time_masks: int = 2,
        time_share: float = 0.05,
        band_masks: int = 2,
        band_share: float = 0.15,
    ) -> None:
        super().__init__()
        if bands < 1 or time_masks < 0 or band_masks < 0:
            raise ValueError(f"bands must be positive, counts not negative: {bands}, {time_masks}, {band_masks}")
        if not (0 <= time_share <= 1 and 0 <= band_share <= 1):
            raise ValueError(f"shares must lie in [0, 1]: {time_share}, {band_share}")
        self.bands = bands
        self.time_masks, self.time_share = time_masks, time_share
        self.band_masks, self.band_share = band_masks, band_share

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Hide parts of x (time, batch, groups * bands) while training; padding, after ``lengths`` (batch,), stays."""
        if not self.training or not (self.time_masks or self.band_masks):
            return x
        lengths = lengths.to(x.device)
        real = steps_within(lengths, len(x), x.device)[:, :, None]
        mean = torch.where(real, x, 0).sum(dim=0) / lengths[:, None]
        times = _spans(self.time_masks, self.time_share, lengths, len(x))  # (time, batch)
        every = torch.full_like(lengths, self.bands)
        bands = _spans(self.band_masks, self.band_share, every, self.bands).T  # (batch, bands)
        hidden = times[:, :, None] | bands.repeat(1, x.shape[2] // self.bands)
        return torch.where(hidden & real, mean, x)


def _spans(count: int, share: float, lengths: Tensor, size: int) -> Tensor:
    """Which of ``size`` places any of ``count`` random spans within each row's length covers, (size, rows)."""
    widths = torch.rand(count, len(lengths), device=lengths.device) * share * lengths
    first = torch.rand(count, len(lengths), device=lengths.device) * (lengths - widths)
    places = torch.arange(size, device=lengths.device)[:, None, None] + 0.5
    return ((places >= first) & (places < first + widths)).any(dim=1)
