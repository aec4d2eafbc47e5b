"""Another sampling rate for a signal: polyphase interpolation with a Kaiser-windowed sinc."""

from __future__ import annotations

import math

import numpy as np

ZERO_CROSSINGS = 48  # of the sinc, on each side of its middle, counted at the lower of the two rates
BETA = 7.857  # of the Kaiser window: what is not to pass is 80 dB down
# 80 dB and 48 crossings make the slope 0.052 of the lower rate wide (Kaiser 1974); it ends at half that rate
CUTOFF = 0.948
ROWS = 4096  # outputs made at once, so that memory stays small


def resample(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Return the same signal at another rate; what the lower rate cannot hold is taken out (no aliases).

    Passes frequencies below 0.9 times half the lower rate unchanged to within 80 dB, and stops all from half the
    lower rate on. Before its beginning and after its end the signal counts as silence. No delay: output n is the
    time n / new_rate.

    Args:
        samples: (n,).
        rate: samples a second.
        new_rate: samples a second to make.

    Returns:
        (ceil(n * new_rate / rate),) float32.

    Raises:
        ValueError: a rate is not positive, or the samples are not one sequence.
    """
    if rate < 1 or new_rate < 1:
        raise ValueError(f"rates must be positive, not {rate} and {new_rate}")
    if samples.ndim != 1:
        raise ValueError(f"samples must be (n,), not {samples.shape}")
    if rate == new_rate:
        return samples.astype(np.float32)
    common = math.gcd(rate, new_rate)
    up, down = new_rate // common, rate // common
    weights, reach = _phases(up, down)
    padded = np.pad(samples.astype(np.float32), (reach, reach + 1))
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)  # row n: what surrounds sample n
    made = np.empty(-(-len(samples) * up // down), np.float32)
    for start in range(0, len(made), ROWS):
        outputs = np.arange(start, min(start + ROWS, len(made)))
        made[outputs] = np.einsum("nk,nk->n", around[outputs * down // up], weights[outputs * down % up])
    return made


def _phases(up: int, down: int) -> tuple[np.ndarray, int]:
    """For an output at k/up past an input sample, k in 0..up-1: the weights of that sample and its neighbours."""
    scale = min(1.0, up / down) * CUTOFF  # of the sinc's frequency, 1 being half the input's rate
    width = ZERO_CROSSINGS * max(1.0, down / up)
    reach = math.ceil(width)
    distance = np.arange(-reach, reach + 1) - np.arange(up)[:, None] / up
    window = np.i0(BETA * np.sqrt(np.clip(1 - (distance / width) ** 2, 0, None))) * (np.abs(distance) <= width)
    weights = np.sinc(scale * distance) * window
    weights /= weights.sum(axis=1, keepdims=True)  # so that a constant stays the constant that it is
    return weights.astype(np.float32), reach
