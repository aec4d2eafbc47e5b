"""What a network hears: log-mel spectra of short frames, their changes, normalised by utterance."""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatework.errors import DamagedFileError

FLOOR = 1e-8  # about the energy in a band of what rounding to 16 bits adds
REACH = 2  # frames on each side that a regression looks at


@dataclass(frozen=True)
class LogMel:
    """Settings of log-mel features; saved with a model, so that it hears the same again.

    Frames of ``frame_ms``, one every ``step_ms``, each under a Hann window; power spectrum, zero-padded to a power of
    two; HTK's mel bands; natural logarithm.

    Args:
        rate: samples a second of what ``frames`` is given.
        frame_ms: how long a frame is, milliseconds.
        step_ms: from the beginning of a frame to that of the next, milliseconds.
        bands: mel bands.
        low_hz: where the lowest band begins.
        high_hz: where the highest band ends; None: at half the rate.
        deltas: 0: bands alone; 1: and their slopes over time; 2: and the slopes of these.
        normalised: whether each feature has mean 0 and variance 1 over the utterance.

    Raises:
        ValueError: a setting is out of range, or the bands are too narrow for frames that short.
    """

    rate: int
    frame_ms: float = 25.0
    step_ms: float = 10.0
    bands: int = 40
    low_hz: float = 0.0
    high_hz: float | None = None
    deltas: int = 2
    normalised: bool = True

    def __post_init__(self) -> None:
        for name in ("rate", "bands", "frame_size", "step_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name.replace('_size', '_ms')} is too small: {self}")
        if self.deltas not in (0, 1, 2):
            raise ValueError(f"deltas must be 0, 1 or 2, not {self.deltas}")
        if not 0 <= self.low_hz < self._high_hz <= self.rate / 2:
            raise ValueError(f"the bands must lie between 0 and {self.rate / 2} Hz: {self}")
        if not self._filters.any(dim=1).all():
            raise ValueError(f"{self.bands} bands are too narrow for frames of {self.frame_ms} ms: take fewer")

    @property
    def width(self) -> int:
        """Features of a frame."""
        return self.bands * (1 + self.deltas)

    @property
    def frame_size(self) -> int:
        """Samples of a frame."""
        return round(self.rate * self.frame_ms / 1000)

    @property
    def step_size(self) -> int:
        """Samples from frame to frame."""
        return round(self.rate * self.step_ms / 1000)

    @property
    def fft_size(self) -> int:
        """Samples of a frame with its padding."""
        return 1 << (self.frame_size - 1).bit_length()

    def frames(self, samples: np.ndarray | Tensor) -> Tensor:
        """Return the features of an utterance.

        Args:
            samples: (n,), full scale -1 to 1. Less than a frame counts as one, the rest of it silent.

        Returns:
            (frames, width) float32, frames = 1 + (n - frame_size) // step_size. First all bands from low to high,
            then their slopes, then the slopes of these.

        Raises:
            ValueError: the samples are not (n,), or there are none.
        """
        energies = self.power(samples) @ self._filters.T
        features = [energies.clamp_min(FLOOR).log()]
        for _ in range(self.deltas):
            features.append(deltas(features[-1]))
        together = torch.cat(features, dim=1)
        return normalised(together) if self.normalised else together

    def power(self, samples: np.ndarray | Tensor) -> Tensor:
        """Return the power spectrum of each frame, (frames, fft_size // 2 + 1) float32; arguments as ``frames``."""
        signal = torch.as_tensor(samples, dtype=torch.float32)
        if signal.dim() != 1 or not len(signal):
            raise ValueError(f"samples must be (n,) with n > 0, not {tuple(signal.shape)}")
        # torch puts the window in the middle of the padded frame: frame t begins at t * step_size all the same
        before = (self.fft_size - self.frame_size) // 2
        after = self.fft_size - self.frame_size - before + max(0, self.frame_size - len(signal))
        spectrum = torch.stft(
            torch.nn.functional.pad(signal, (before, after)),
            self.fft_size,
            self.step_size,
            self.frame_size,
            window=torch.hann_window(self.frame_size),
            center=False,
            return_complex=True,
        )
        return spectrum.abs().square().T

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> LogMel:
        """Rebuild the settings.

        Raises:
            DamagedFileError: the value is none.
        """
        try:
            return cls(**value)
        except (TypeError, ValueError) as error:
            raise DamagedFileError(
                f"these are no settings of features ({error})", "restore them or make them again"
            ) from error

    @property
    def _high_hz(self) -> float:
        return self.rate / 2 if self.high_hz is None else self.high_hz

    @functools.cached_property
    def _filters(self) -> Tensor:
        return mel_filters(self.rate, self.fft_size, self.bands, self.low_hz, self._high_hz)


def mel_filters(rate: int, fft_size: int, bands: int, low_hz: float, high_hz: float) -> Tensor:
    """Return HTK's filter bank, (bands, fft_size // 2 + 1) float32: triangles of height 1, evenly spaced in mel.

        mel(f) = 2595 log10(1 + f / 700)

    Each rises from the middle of the band below it to its own middle, and falls to that of the band above.
    Reference: Young et al., The HTK Book, section 5.4 (not the bank of Slaney's toolbox, whose triangles have area 1
    and which is linear below 1 kHz).
    """
    edges = torch.linspace(_mel(low_hz), _mel(high_hz), bands + 2, dtype=torch.float64)
    hertz = torch.arange(fft_size // 2 + 1, dtype=torch.float64) * rate / fft_size
    mels = 2595 * torch.log10(1 + hertz / 700)
    position = (mels - edges[0]) / (edges[1] - edges[0])  # 1 is the middle of the first band, 2 of the second ...
    middles = torch.arange(1, bands + 1, dtype=torch.float64)[:, None]
    return (1 - (position - middles).abs()).clamp_min(0).float()


def deltas(features: Tensor) -> Tensor:
    """Return the slope of each feature at each frame, (frames, features), by least squares over five frames.

        d_t = sum_n n (c_{t+n} - c_{t-n}) / (2 sum_n n^2),  n = 1, 2

    The first and last frame stand for those before and after (The HTK Book, section 5.9).
    """
    times = torch.arange(len(features))
    slopes = torch.zeros_like(features)
    for n in range(1, REACH + 1):
        later, earlier = (times + n).clamp_max(len(features) - 1), (times - n).clamp_min(0)
        slopes += n * (features[later] - features[earlier])
    return slopes / (2 * sum(n * n for n in range(1, REACH + 1)))


def normalised(features: Tensor) -> Tensor:
    """Return features (frames, features) with mean 0 and variance 1 over the frames; constant ones become 0."""
    centred = features - features.mean(dim=0)
    return centred / centred.square().mean(dim=0).sqrt().clamp_min(1e-5)


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)
