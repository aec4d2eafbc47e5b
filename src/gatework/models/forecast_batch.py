"""Windows side by side, brought to a common size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatework.data.padding import Batch
from gatework.data.series.series_codec import SeriesCodec
from gatework.data.series.series_windows import Window
from gatework.data.series.transforms import SMALLEST_SHARE, lag, modelled, shift_and_scale, transform


@dataclass(frozen=True)
class ForecastBatch(Batch):
    """Windows of equal length; time-major, values in float64, since differences of large values are small.

    Attributes:
        raw: (history + horizon, batch) values as they were read; NaN where unknown.
        values: the same, transformed; 0 where unknown.
        past: (context, batch, past) known up to the forecast.
        known: (context + horizon, batch, known) known ahead.
        series: (batch,) int64.
        error: (batch,) scale of errors.
        shift: (batch,) subtracted from what is modelled.
        scale: (batch,) by which it is then divided.
        mean: (batch,) of the transformed values, for the model to see levels by.
        deviation: (batch,) of them.
        ratio: (batch,) log of the scale over that of the whole series.
    """

    raw: Tensor
    values: Tensor
    past: Tensor
    known: Tensor
    series: Tensor
    error: Tensor
    shift: Tensor
    scale: Tensor
    mean: Tensor
    deviation: Tensor
    ratio: Tensor

    def rows(self, indices: Tensor) -> ForecastBatch:
        """The windows of these indices (n,), each as often as it is named."""
        across = {name: getattr(self, name).index_select(1, indices) for name in ("raw", "values", "past", "known")}
        single = ("series", "error", "shift", "scale", "mean", "deviation", "ratio")
        return ForecastBatch(**across, **{name: getattr(self, name).index_select(0, indices) for name in single})


def side_by_side(windows: Sequence[Window], codec: SeriesCodec) -> ForecastBatch:
    """Put windows side by side and find the scale of each, from nothing that comes after its forecast began.

    Raises:
        InputError: a value cannot be transformed.
    """
    config, back = codec.config, lag(codec.config)
    raw = np.stack([window.values for window in windows], axis=1)
    values = transform(raw, config)
    error, shift, whole, mean, spread = np.stack([window.statistics for window in windows], axis=1)
    scale, deviation = whole, spread
    if config.scaled_over == "window":
        context = values[codec.history - codec.context : codec.history]
        before = values[codec.history - codec.context - back : codec.history]
        shift, scale = shift_and_scale(modelled(before, config), config)
        scale = np.maximum(scale, SMALLEST_SHARE * whole)
        mean = context.mean(axis=0)
        deviation = np.maximum(context.std(axis=0), SMALLEST_SHARE * spread)
    numbers = (error, shift, scale, mean, deviation, np.log(scale / whole))
    return ForecastBatch(
        torch.from_numpy(raw),
        torch.from_numpy(np.nan_to_num(values)),
        torch.from_numpy(np.stack([window.past for window in windows], axis=1)),
        torch.from_numpy(np.stack([window.known for window in windows], axis=1)),
        torch.tensor([window.series for window in windows]),
        *(torch.from_numpy(np.array(number, np.float64)) for number in numbers),
    )
