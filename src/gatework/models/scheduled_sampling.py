"""How often a decoder in training reads its own words, update by update."""

from __future__ import annotations

import math

from gatework.settings.tasks.translate import SamplingSchedule


def own_share(update: int, schedule: SamplingSchedule, scale: float, most: float) -> float:
    r"""The share of own words at an update (Bengio, Vinyals, Jaitly and Shazeer 2015, arXiv:1506.03099).

    With u the update and k the scale, the share of given words, in the paper's epsilon_u, is

        1 - u / k                          linear
        exp(-u / k)                        exponential: the paper's k ** u with another k
        k / (k + exp(u / k))               inverse sigmoid

    and what is missing to 1 is the model's own, ``most`` at most.

    Args:
        update: from 0.
        schedule: the name of the curve.
        scale: in updates, above 0.
        most: the largest share.
    """
    time = update / scale
    if schedule == "linear":
        given = 1 - time
    elif schedule == "exponential":
        given = math.exp(-time)
    else:
        given = scale / (scale + math.exp(min(time, 700)))  # exp overflows beyond
    return min(most, 1 - given)
