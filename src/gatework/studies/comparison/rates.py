"""Which learning rate a method is given: the best on the validation part of a few, at a seed that does not count."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gatework.studies.trials import Trial, Trials

RATE, RANK = "learning_rate", "rank"
DIGITS = 3


def wanted_rates(rates: Sequence[float], tried: Trials, most: int) -> list[float]:
    """The rates that are to be tried: those given, and more beyond an end that was best, up to so many.

    Args:
        rates: rising, a grid whose steps go on beyond its ends.
        tried: trials with a setting ``learning_rate`` and a measured ``rank``, lowest being best; some may have failed.
        most: rates in all; the given ones are tried in any case.
    """
    known = {trial.settings[RATE]: _rank(trial) for trial in tried}
    wanted = list(rates)
    while 1 < len(wanted) < most and all(rate in known for rate in wanted):
        best = min(wanted, key=lambda rate: known[rate])
        if not math.isfinite(known[best]) or best not in (wanted[0], wanted[-1]):
            break
        if best == wanted[0]:
            wanted.insert(0, _plain(wanted[0] ** 2 / wanted[1]))
        else:
            wanted.append(_plain(wanted[-1] ** 2 / wanted[-2]))
    return wanted


def chosen_rate(rates: Sequence[float], tried: Trials) -> float | None:
    """The best of these rates once all were tried; None before that, or where all failed."""
    known = {trial.settings[RATE]: _rank(trial) for trial in tried}
    if not all(rate in known for rate in rates):
        return None
    best = min(rates, key=lambda rate: known[rate])
    return best if math.isfinite(known[best]) else None


def _rank(trial: Trial) -> float:
    rank = trial.measured.get(RANK)
    return math.inf if rank is None else float(rank)


def _plain(rate: float) -> float:
    return float(f"{rate:.{DIGITS}g}")
