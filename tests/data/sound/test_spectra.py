"""Log-mel features: against a Fourier sum in NumPy, and where sines, scaling and time shifts must show."""

from __future__ import annotations

import cmath
import dataclasses
import json
import math

import numpy as np
import pytest
import torch

from gatework.data.sound.spectra import LogMel, deltas, mel_filters, normalised
from gatework.errors import DamagedFileError

RATE = 8000
PLAIN = LogMel(RATE, deltas=0, normalised=False)
SIGNAL = np.random.default_rng(7).normal(size=1009) * 0.1


def sine(hertz: float, seconds: float = 0.2) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE)


def test_features_are_the_fourier_sums_of_the_formulas() -> None:
    """A frame's transform by its definition, bands by the definition of a triangle: no FFT, no torch."""
    settings = LogMel(1000, frame_ms=23, step_ms=11, bands=5, low_hz=20, high_hz=450, deltas=0, normalised=False)
    signal, N = SIGNAL[:71], 32
    assert (settings.frame_size, settings.step_size, settings.fft_size, settings.width) == (23, 11, N, 5)

    def mel(hertz: float) -> float:
        return 1127 * math.log(1 + hertz / 700)  # the same scale, written with the natural logarithm

    edges = [mel(20) + (mel(450) - mel(20)) * k / 6 for k in range(7)]
    for t, features in enumerate(settings.frames(signal)):
        frame = [signal[t * 11 + n] * math.sin(math.pi * n / 23) ** 2 for n in range(23)]
        power = [
            abs(sum(x * cmath.exp(-2j * math.pi * k * n / N) for n, x in enumerate(frame))) ** 2 for k in range(17)
        ]
        for band in range(5):
            low, middle, high = edges[band : band + 3]
            places = [mel(k * 1000 / N) for k in range(17)]
            weights = [max(0.0, min((m - low) / (middle - low), (high - m) / (high - middle))) for m in places]
            expected = math.log(sum(w * p for w, p in zip(weights, power, strict=True)))
            assert float(features[band]) == pytest.approx(expected, abs=2e-3)
    assert len(settings.frames(signal)) == 1 + (71 - 23) // 11 == t + 1


def test_energy_in_frequency_is_energy_in_time() -> None:
    """Parseval: the two-sided power spectrum sums to fft_size times the energy of the windowed frame."""
    power = PLAIN.power(SIGNAL).double()
    window = np.sin(np.pi * np.arange(200) / 200) ** 2
    for t, spectrum in enumerate(power):
        both_sides = spectrum[0] + 2 * spectrum[1:-1].sum() + spectrum[-1]
        energy = ((SIGNAL[80 * t : 80 * t + 200] * window) ** 2).sum()
        assert float(both_sides) == pytest.approx(256 * energy, rel=1e-5)
    assert power.shape == (1 + (1009 - 200) // 80, 129)


@pytest.mark.parametrize("hertz", [150, 440, 997, 2200, 3700])
def test_sines_land_in_their_band(hertz: float) -> None:
    features = PLAIN.frames(sine(hertz))
    position = 41 * math.log(1 + hertz / 700) / math.log(1 + 4000 / 700)  # 1 is the middle of the first band
    assert set(features.argmax(dim=1).tolist()) <= {math.floor(position) - 1, math.ceil(position) - 1}
    far = (torch.arange(1, 41) - position).abs() > 8
    assert float(features[:, far].max()) < float(features.max()) - 5


def test_twice_as_loud_is_four_times_the_energy() -> None:
    louder = PLAIN.frames(2 * SIGNAL) - PLAIN.frames(SIGNAL)
    torch.testing.assert_close(louder, torch.full_like(louder, math.log(4)), atol=1e-4, rtol=0)


def test_a_shift_by_a_step_is_a_shift_by_a_frame() -> None:
    torch.testing.assert_close(PLAIN.frames(SIGNAL[80:]), PLAIN.frames(SIGNAL)[1:], atol=1e-4, rtol=0)


def test_filters_of_neighbours_sum_to_one() -> None:
    filters = mel_filters(16000, 512, 23, 64.0, 7000.0)
    assert filters.shape == (23, 257)
    sums, middles = filters.sum(dim=0), filters.argmax(dim=1)
    torch.testing.assert_close(sums[middles[0] + 1 : middles[-1]], torch.ones(int(middles[-1] - middles[0]) - 1))
    hertz = torch.arange(257) * 16000 / 512
    assert float(sums[(hertz < 64) | (hertz > 7000)].abs().max()) == 0
    assert (middles.diff() > 0).all()


def test_slopes_are_those_of_lines_and_of_least_squares() -> None:
    line = torch.arange(11.0)[:, None] * torch.tensor([3.0, -0.5]) + 7
    torch.testing.assert_close(deltas(line)[2:-2], torch.tensor([[3.0, -0.5]]).expand(7, 2))
    random = torch.randn(13, 3, dtype=torch.float64)
    for t in range(2, 11):
        fitted = np.polyfit(np.arange(5), random[t - 2 : t + 3].numpy(), 1)[0]
        np.testing.assert_allclose(deltas(random)[t], fitted, atol=1e-12)
    torch.testing.assert_close(deltas(random)[0], (random[1] - random[0] + 2 * (random[2] - random[0])) / 10)


def test_deltas_are_beside_and_normalisation_is_last() -> None:
    with_deltas = LogMel(RATE, bands=13, normalised=False).frames(SIGNAL)
    bands = with_deltas[:, :13]
    torch.testing.assert_close(with_deltas, torch.cat([bands, deltas(bands), deltas(deltas(bands))], dim=1))
    features = LogMel(RATE, bands=13).frames(SIGNAL)
    torch.testing.assert_close(features, normalised(with_deltas))
    torch.testing.assert_close(features.mean(dim=0), torch.zeros(39), atol=1e-5, rtol=0)
    torch.testing.assert_close(features.std(dim=0, correction=0), torch.ones(39), atol=1e-4, rtol=0)


def test_silence_and_snippets_have_finite_features() -> None:
    for samples in (np.zeros(997), np.zeros(1), SIGNAL[:3], SIGNAL[:200]):
        features = LogMel(RATE).frames(samples.astype(np.float32))
        assert features.shape == (1 + max(0, len(samples) - 200) // 80, 120)
        assert features.dtype == torch.float32
        assert bool(features.isfinite().all())
    torch.testing.assert_close(
        PLAIN.frames(SIGNAL[:3]), PLAIN.frames(np.concatenate([SIGNAL[:3], np.zeros(197)])), atol=1e-4, rtol=0
    )


def test_settings_are_saved_and_damage_is_said() -> None:
    settings = LogMel(11025, frame_ms=20, bands=23, high_hz=5000, deltas=1, normalised=False)
    assert LogMel.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    for value in ({"rate": 8000, "colour": 3}, {}, None, {"rate": "fast"}, {"rate": 8000, "bands": 400}):
        with pytest.raises(DamagedFileError, match="no settings of features"):
            LogMel.from_json(value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": 0}, "rate"),
        ({"bands": 0}, "bands"),
        ({"frame_ms": 0.01}, "frame_ms"),
        ({"step_ms": 0}, "step_ms"),
        ({"deltas": 3}, "deltas"),
        ({"high_hz": 4001.0}, "between 0 and 4000"),
        ({"low_hz": 4000.0}, "between 0 and 4000"),
        ({"bands": 128}, "too narrow"),
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(PLAIN, **change)
    for samples in (np.zeros(0), np.zeros((2, 300))):
        with pytest.raises(ValueError, match="samples must be"):
            PLAIN.frames(samples)
