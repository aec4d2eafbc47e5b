"""What a state remembers: how many of the earlier inputs a linear map can tell from it."""

from __future__ import annotations

import torch
from torch import Tensor


def remembered(states: Tensor, bits: Tensor, lags: int) -> list[float]:
    """How often a least-squares map of the state tells the bit of k steps ago, for k = 0, 1, ...; 0.5 is a guess.

    Fitted to the first half of the steps and measured on the second.

    Args:
        states: (time, batch, hidden).
        bits: (time, batch), each 0 or 1: what was read at each step.
        lags: how many.
    """
    with_one = torch.cat([states, torch.ones_like(states[..., :1])], dim=-1).double()
    shares = []
    for lag in range(lags):
        known, wanted = with_one[lag:], bits[: len(bits) - lag].double()
        half = len(known) // 2
        weights = torch.linalg.lstsq(known[:half].flatten(0, 1), wanted[:half].flatten().unsqueeze(1)).solution
        told = (known[half:] @ weights).squeeze(-1) > 0.5
        shares.append((told == (wanted[half:] > 0.5)).double().mean().item())
    return shares
