"""Two ways to forecast many steps: each from those before it, or all at once."""

from __future__ import annotations

import abc

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.series.series_codec import SeriesCodec
from gatework.data.series.transforms import lag
from gatework.layers import select_rows
from gatework.models.distributions import DISTRIBUTIONS
from gatework.models.encoder import make_stack
from gatework.models.forecast_batch import ForecastBatch
from gatework.settings.tasks.forecast import ForecastConfig

OWN = 2  # the scaled difference and the level
SEASONAL = 1  # the level of a season ago
STATIC = 2  # the scale and the shift


class ForecastNetwork(nn.Module, abc.ABC):
    """What both have in common.

    What is modelled of a step is ``(value - reference - shift) / scale``, the reference being the last value, that
    of a season ago, or nothing. A fresh network forecasts the reference: its last layer begins with zeros.

    Args:
        config: its shape.
        codec: widths, lags and lengths.
    """

    def __init__(self, config: ForecastConfig, codec: SeriesCodec) -> None:
        super().__init__()
        self.config = config
        self.codec = codec
        self.lag = lag(codec.config)
        self.distribution = DISTRIBUTIONS[config.distribution]()
        size = config.series_embedding
        self.embedding = nn.Embedding(len(codec.names), size) if size else None
        self.static_width = STATIC + size

    @abc.abstractmethod
    def raw(self, batch: ForecastBatch) -> Tensor:
        """What describes the distributions of the steps that have a loss: (steps, batch, outputs)."""

    @abc.abstractmethod
    def modelled(self, batch: ForecastBatch) -> Tensor:
        """What came at those steps, as it is modelled: (steps, batch)."""

    @abc.abstractmethod
    def draw(self, batch: ForecastBatch, samples: int, generator: np.random.Generator) -> Tensor:
        """Transformed values of the steps ahead: (samples, horizon, batch) float64."""

    def losses(self, batch: ForecastBatch) -> Tensor:
        """The loss of each step (steps, batch); those ahead are the last ones."""
        return self.distribution.loss(self.raw(batch), self.modelled(batch).float(), batch.scale.float())

    def make_output(self, width: int, outputs: int) -> nn.Linear:
        """A last layer that begins with zeros."""
        layer = nn.Linear(width, outputs)
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer

    def static(self, batch: ForecastBatch) -> Tensor:
        """What is the same at all steps: (batch, static)."""
        numbers = torch.stack([batch.ratio, batch.shift / batch.scale], dim=1).float()
        return numbers if self.embedding is None else torch.cat([numbers, self.embedding(batch.series)], dim=1)

    def own(self, batch: ForecastBatch, values: Tensor, first: int, end: int) -> Tensor:
        """Values of the places from first to end as the network reads them: (end - first, batch, 2)."""
        there = values[first:end]
        before = values[first - self.lag : end - self.lag] if self.lag else 0
        changes = (there - before - batch.shift) / batch.scale
        return torch.stack([changes, self._level(batch, there)], dim=2).float()

    def seasonal(self, batch: ForecastBatch, values: Tensor, first: int, end: int) -> Tensor:
        """Levels of a season before the places from first to end: (end - first, batch, 1)."""
        season = self.codec.season
        return self._level(batch, values[first - season : end - season])[:, :, None].float()

    def _level(self, batch: ForecastBatch, values: Tensor) -> Tensor:
        return (values - batch.mean) / batch.deviation


class Recursive(ForecastNetwork):
    """One stack that predicts each step from those before it, and goes on from what it draws (DeepAR).

    In training it reads what came (teacher forcing) and learns from all steps of context and horizon. What is known
    up to now only is read with a flag, and as zeros without it after the forecast began.

    References: Salinas, Flunkert and Gasthaus 2017, arXiv:1704.04110
    """

    def __init__(self, config: ForecastConfig, codec: SeriesCodec) -> None:
        super().__init__(config, codec)
        self.past_width = len(codec.past) + 1 if len(codec.past) else 0
        width = OWN + SEASONAL + codec.known_width + self.past_width + self.static_width
        self.stack = make_stack(config, width)
        self.output = self.make_output(self.stack.output_size, self.distribution.outputs)

    def raw(self, batch: ForecastBatch) -> Tensor:
        """Those of all steps of context and horizon."""
        history, horizon = self.codec.history, self.codec.horizon
        x = self._inputs(batch, batch.values, history - self.codec.context, history + horizon)
        return self.output(F.dropout(self.stack(x).outputs, self.config.dropout, self.training))

    def modelled(self, batch: ForecastBatch) -> Tensor:
        """Those of all steps of context and horizon."""
        first = self.codec.history - self.codec.context
        before = batch.values[first - self.lag : len(batch.values) - self.lag] if self.lag else 0
        return (batch.values[first:] - before - batch.shift) / batch.scale

    def draw(self, batch: ForecastBatch, samples: int, generator: np.random.Generator) -> Tensor:
        """Paths, each step drawn from what was drawn before."""
        history, count = self.codec.history, batch.values.shape[1]
        _, state, _ = self.stack(self._inputs(batch, batch.values, history - self.codec.context, history))
        rows = torch.arange(count, device=batch.series.device).repeat(samples)
        state, batch = select_rows(state, rows), batch.rows(rows)
        values = batch.values.clone()
        for place in range(history, history + self.codec.horizon):
            outputs, state, _ = self.stack(self._inputs(batch, values, place, place + 1), state)
            drawn = self.distribution.draw(self.output(outputs[0]), batch.scale, generator)
            before = values[place - self.lag] if self.lag else 0
            values[place] = before + batch.shift + batch.scale * torch.from_numpy(drawn).to(values)
        return values[history:].reshape(self.codec.horizon, samples, count).transpose(0, 1)

    def _inputs(self, batch: ForecastBatch, values: Tensor, first: int, end: int) -> Tensor:
        """What is read to predict the places from first to end."""
        begin = self.codec.history - self.codec.context
        parts = [
            self.own(batch, values, first - 1, end - 1),
            self.seasonal(batch, values, first, end),
            batch.known[first - begin : end - begin],
            self.static(batch).expand(end - first, -1, -1),
        ]
        if self.past_width:
            flagged = F.pad(batch.past, (0, 1), value=1.0)
            parts.append(F.pad(flagged, (0, 0, 0, 0, 1, self.codec.horizon))[first - begin : end - begin])
        return torch.cat(parts, dim=2)


class Direct(ForecastNetwork):
    """A stack reads the context; all steps ahead come at once, from a second stack or one layer.

    The second stack begins in the state that the first ended in, and reads what is known of each step ahead.
    """

    def __init__(self, config: ForecastConfig, codec: SeriesCodec) -> None:
        super().__init__(config, codec)
        shared = SEASONAL + codec.known_width + self.static_width
        self.encoder = make_stack(config, OWN + len(codec.past) + shared)
        width, outputs = self.encoder.output_size, self.distribution.outputs
        ahead = SEASONAL + codec.known_width
        self.decoder = None
        if config.strategy == "decoder":
            self.decoder = make_stack(config, width + ahead + 1 + self.static_width)
            self.output = self.make_output(self.decoder.output_size, outputs)
        else:
            self.output = self.make_output(width + codec.horizon * ahead + self.static_width, codec.horizon * outputs)

    def raw(self, batch: ForecastBatch) -> Tensor:
        """Those of the steps ahead."""
        outputs, state, _ = self.encoder(self._read(batch))
        ahead, static = self._ahead(batch), self.static(batch)
        horizon, count = ahead.shape[:2]
        if self.decoder is None:
            x = torch.cat([self._dropped(outputs[-1]), ahead.transpose(0, 1).flatten(1), static], dim=1)
            return self.output(x).unflatten(1, (horizon, -1)).transpose(0, 1)
        steps = torch.linspace(1 / horizon, 1, horizon, device=ahead.device)[:, None, None].expand(-1, count, -1)
        repeated = (self._dropped(outputs[-1]).expand(horizon, -1, -1), static.expand(horizon, -1, -1))
        decoded = self.decoder(torch.cat([ahead, steps, *repeated], dim=2), state)
        return self.output(self._dropped(decoded.outputs))

    def modelled(self, batch: ForecastBatch) -> Tensor:
        """Those of the steps ahead: how far they are from the last reference that was known."""
        return (batch.values[self.codec.history :] - self._base(batch)) / batch.scale

    def draw(self, batch: ForecastBatch, samples: int, generator: np.random.Generator) -> Tensor:
        """Values of each step by itself: only its own distribution is forecast."""
        raw = self.raw(batch)
        drawn = self.distribution.draw(raw.expand(samples, *raw.shape), batch.scale, generator)
        return self._base(batch) + batch.scale * torch.from_numpy(drawn).to(batch.scale)

    def _base(self, batch: ForecastBatch) -> Tensor:
        """Where the forecast of each step begins: the last reference known, and the drift since (horizon, batch)."""
        horizon, device = self.codec.horizon, batch.scale.device
        if not self.lag:
            return batch.shift.expand(horizon, -1)
        steps = torch.arange(horizon, device=device)
        known = batch.values[self.codec.history - self.lag + steps % self.lag]
        return known + (1 + steps // self.lag)[:, None] * batch.shift

    def _read(self, batch: ForecastBatch) -> Tensor:
        first, end = self.codec.history - self.codec.context, self.codec.history
        parts = [
            self.own(batch, batch.values, first, end),
            self.seasonal(batch, batch.values, first, end),
            batch.known[: end - first],
            batch.past,
            self.static(batch).expand(end - first, -1, -1),
        ]
        return torch.cat(parts, dim=2)

    def _ahead(self, batch: ForecastBatch) -> Tensor:
        """What is known of the steps ahead: the level of a season ago, as far as it was known, and covariates."""
        steps = torch.arange(self.codec.horizon, device=batch.scale.device)
        known = batch.values[self.codec.history - self.codec.season + steps % self.codec.season]
        return torch.cat([self._level(batch, known)[:, :, None].float(), batch.known[self.codec.context :]], dim=2)

    def _dropped(self, hidden: Tensor) -> Tensor:
        return F.dropout(hidden, self.config.dropout, self.training)
