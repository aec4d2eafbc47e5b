"""A marked bit to be recalled at the end: one dependency of a known lag in noise.

After the latching task of Bengio, Simard and Frasconi 1994 (doi:10.1109/72.279181); the mark is as in the adding
problem of Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735).
"""

from __future__ import annotations

import torch
from torch import Tensor


def recall(lags: Tensor, steps: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Signs +1 and -1 of which one is marked.

    Args:
        lags: (batch,) how many steps before the last one the mark lies, each less than ``steps``.
        steps: of each sequence.
        generator: of the signs.

    Returns:
        x (steps, batch, 2), a sign and whether it is marked; the marked sign (batch,) as 0 or 1.
    """
    batch = len(lags)
    signs = torch.randint(0, 2, (steps, batch), generator=generator)
    marks = torch.zeros(steps, batch)
    places = steps - 1 - lags
    marks[places, torch.arange(batch)] = 1
    return torch.stack([2.0 * signs - 1, marks], dim=-1), signs[places, torch.arange(batch)].float()
