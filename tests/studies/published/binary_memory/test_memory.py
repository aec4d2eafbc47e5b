"""A shift register remembers what it holds, and nothing else."""

from __future__ import annotations

import torch

from gatework.studies.published.binary_memory.memory import remembered


def test_a_shift_register_tells_exactly_what_it_holds():
    bits = torch.randint(0, 2, (3000, 2)).float()
    states = torch.stack([torch.roll(bits, lag, dims=0) for lag in (0, 2)], dim=-1)[2:]
    shares = remembered(states, bits[2:], 4)
    assert shares[0] == shares[2] == 1
    assert all(abs(shares[lag] - 0.5) < 0.05 for lag in (1, 3))


def test_it_is_measured_on_other_steps_than_it_is_fitted_to():
    bits = torch.randint(0, 2, (40, 1)).float()
    assert remembered(torch.randn(40, 1, 20), bits, 1)[0] < 0.9
