"""Resampling: sines come out as the sines they are at the new rate, or not at all."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gatework.data.sound.resampling import resample


def sine(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate + 0.7)


RATES = [(8000, 16000), (44100, 8000), (48000, 16000), (11025, 8000), (8000, 44100), (8011, 7993)]


@pytest.mark.parametrize(("rate", "new_rate"), RATES)
@pytest.mark.parametrize("share", [0.03, 0.5, 0.89])
def test_what_fits_stays(rate: int, new_rate: int, share: float) -> None:
    hertz = share * min(rate, new_rate) / 2
    made, exact = resample(sine(hertz, rate), rate, new_rate), sine(hertz, new_rate)
    margin = new_rate // 20  # the signal begins from and ends in silence
    assert made.dtype == np.float32
    assert abs(len(made) - len(exact)) <= 1
    np.testing.assert_allclose(made[margin:-margin], exact[: len(made)][margin : len(made) - margin], atol=2e-4)


@pytest.mark.parametrize(("rate", "new_rate"), [pair for pair in RATES if pair[0] > 1.2 * pair[1]])
@pytest.mark.parametrize("share", [1.0, 1.05, 1.3])
def test_what_does_not_fit_leaves_no_alias(rate: int, new_rate: int, share: float) -> None:
    hertz = share * new_rate / 2
    made = resample(sine(hertz, rate), rate, new_rate)[new_rate // 20 : -new_rate // 20]
    assert np.abs(made).max() < 3e-4
    naive = sine(hertz, rate)[:: rate // new_rate]
    assert np.abs(naive).max() > 0.5  # what taking every nth sample would leave


def test_a_constant_is_kept_and_lengths_are_rounded_up() -> None:
    for length, rate, new_rate in [(4001, 16000, 11025), (1, 8000, 44100), (7, 44100, 8000)]:
        made = resample(np.full(length, 0.25), rate, new_rate)
        assert len(made) == math.ceil(length * new_rate / rate)
        if length > 1000:
            np.testing.assert_allclose(made[300:-300], 0.25, atol=1e-5)
    same = np.random.default_rng(3).normal(size=53)
    np.testing.assert_array_equal(resample(same, 8000, 8000), same.astype(np.float32))


def test_there_is_no_delay() -> None:
    click = np.zeros(1001)
    click[440] = 1.0
    assert np.abs(resample(click, 44000, 8000)).argmax() == 80
    assert np.abs(resample(click, 8000, 44000)).argmax() == 440 * 44 // 8


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="rates must be positive, not 0 and 5"):
        resample(np.zeros(3), 0, 5)
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        resample(np.zeros((2, 3)), 4, 5)
