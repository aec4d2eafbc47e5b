"""Forecasts of many series by one model: the distribution of what comes next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gatework.data.series.series_codec import SeriesCodec
from gatework.data.series.series_windows import Window
from gatework.data.series.transforms import restore
from gatework.errors import InputError
from gatework.models.forecast_batch import ForecastBatch, side_by_side
from gatework.models.forecast_figures import forecast_totals, short_figures
from gatework.models.forecast_networks import Direct, ForecastNetwork, Recursive
from gatework.models.model import ExampleModel, Totals
from gatework.models.spread import spread_out, spread_totals, with_best_spread
from gatework.settings.tasks.forecast import ForecastConfig

SAMPLES = 200
"""Futures of each window where a model is measured: the share inside a 95 % interval is then right within 1.5 %."""


class ForecastModel(ExampleModel[ForecastConfig, SeriesCodec, Window, ForecastBatch]):
    """Recurrent layers over a window of a series, and the distribution of each step after it.

    Args:
        config: its shape.
        codec: how series become numbers.

    Attributes:
        spread: () what distances from the median are multiplied by in what is drawn; 1 until it is calibrated.

    Raises:
        InputError: the cell does not exist or does not take the options; counts were transformed.
    """

    spread: Tensor
    task = "forecast"
    unit = "step"
    goal = "skill"
    Config = ForecastConfig
    Codec = SeriesCodec

    def __init__(self, config: ForecastConfig, codec: SeriesCodec) -> None:
        super().__init__(config, codec)
        self._check_counts()
        kind = Recursive if config.strategy == "recursive" else Direct
        self.network: ForecastNetwork = kind(config, codec)
        self.register_buffer("spread", torch.ones(()))

    def length(self, example: Window) -> int:
        """Steps of context and horizon: the same for all."""
        return self.codec.context + self.codec.horizon

    def collate(self, examples: Sequence[Window]) -> ForecastBatch:
        """Windows side by side.

        Raises:
            InputError: a series is unknown where the model tells them apart; counts are none; values cannot be
                transformed.
        """
        for window in examples:
            if self.config.series_embedding and window.series < 0:
                self.codec.check_known(window.name)
            if self.config.distribution == "negative-binomial":
                _check_window_counts(window, self.codec.history)
        return side_by_side(examples, self.codec)

    def loss(self, batch: ForecastBatch) -> Tensor:
        """Mean over steps: negative log-likelihood in nats, or doubled pinball loss, of scaled values."""
        return self.network.losses(batch).mean()

    def totals(self, batch: ForecastBatch) -> Totals:
        """Sums over the steps ahead, of losses and of all figures."""
        losses = self.network.losses(batch)[-self.codec.horizon :]
        raw = batch.raw.cpu().numpy()
        history, error = self.codec.history, batch.error.cpu().numpy()
        draws = self._draw(batch, SAMPLES, np.random.default_rng(0))
        found = forecast_totals(self._futures(draws), raw[history:], raw[:history], error, season=self.codec.season)
        if self._calibrates():
            found |= spread_totals(draws, self._restored, raw[history:], error)
        return {"loss": float(losses.detach().double().sum()), "count": losses.numel(), **found}

    def calibrate(self, totals: Totals) -> Totals:
        """Choose the spread with which the intervals of the validation part hold as often as they say."""
        if not self._calibrates():
            return totals
        factor, totals = with_best_spread(totals)
        self.spread.fill_(factor)
        return totals

    def figures(self, totals: Totals) -> dict[str, float]:
        """MASE, that of the seasonal naive forecast, and the skill of the model's distributions against it."""
        return short_figures(totals)

    @torch.no_grad()
    def sample(self, batch: ForecastBatch, samples: int, generator: np.random.Generator) -> np.ndarray:
        """Futures, as the values were read: (samples, horizon, batch).

        A recursive model draws paths; of any other only each step's distribution means something.
        """
        return self._futures(self._draw(batch, samples, generator))

    def _draw(self, batch: ForecastBatch, samples: int, generator: np.random.Generator) -> np.ndarray:
        return self.network.draw(batch, samples, generator).cpu().numpy()

    def _futures(self, draws: np.ndarray) -> np.ndarray:
        return self._restored(spread_out(draws, self.spread.item()) if self._calibrates() else draws)

    def _restored(self, values: np.ndarray) -> np.ndarray:
        return restore(values, self.codec.config)

    def _calibrates(self) -> bool:
        """Counts are drawn as they are: between them there is nothing, and below 0 neither."""
        return self.config.calibrate and self.config.distribution != "negative-binomial"

    def _check_counts(self) -> None:
        data = self.codec.config
        given = {"transform": data.transform, "difference": data.difference, "scaling": data.scaling}
        wanted = {"transform": ["none"], "difference": ["none"], "scaling": ["absolute", "none"]}
        wrong = [name for name, value in given.items() if value not in wanted[name]]
        if self.config.distribution == "negative-binomial" and wrong:
            raise InputError(
                "--distribution negative-binomial is of counts themselves, not with "
                + " and ".join(f"--{name} {given[name]}" for name in wrong),
                "add " + " ".join(f"--{name} {wanted[name][0]}" for name in wrong),
            )


def _check_window_counts(window: Window, history: int) -> None:
    """Refuse what is no count: below 0 or not whole; the steps that are to come are not known."""
    values = window.values
    wrong = np.flatnonzero((values < 0) | ((values != np.floor(values)) & ~np.isnan(values)))
    if len(wrong):
        first = int(wrong[0])
        raise InputError(
            f"{window.name} holds {values[first]:g} in its row {window.origin - history + first + 1}, and "
            "--distribution negative-binomial is for counts: whole numbers from 0 on",
            "correct it, or take another distribution, such as student-t",
        )
