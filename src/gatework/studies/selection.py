"""Learning rates chosen on a seed that no figure counts, so that a figure is not the luck that chose its rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gatework.studies.trials import Settings, Trials

SELECTION = 0
"""The seed on which rates are tried; those that are counted begin at 1."""


def at_best_rate(kind: Settings, rates: Sequence[float], seeds: Iterable[int], done: Trials) -> list[Settings]:
    """The trials of a kind: each rate on the uncounted seed; once all these are made, the seeds at the best rate.

    Args:
        kind: all settings but ``rate`` and ``seed``.
        rates: where there is one only, it is taken as it is.
        seeds: those that are counted.
        done: trials made so far; the best has the lowest measured ``loss``.
    """
    if len(rates) == 1:
        return [{**kind, "rate": rates[0], "seed": seed} for seed in seeds]
    tries: list[Settings] = [{**kind, "rate": rate, "seed": SELECTION} for rate in rates]
    tried = done.where(**kind, seed=SELECTION)
    best = tried.best("loss") if len(tried) == len(tries) else None
    return tries if best is None else [*tries, *({**kind, "rate": best["rate"], "seed": seed} for seed in seeds)]


def counted(trials: Trials) -> Trials:
    """Those that figures are made of."""
    return trials.that(lambda trial: trial.settings.get("seed") != SELECTION)


def shown_rate(rate: float, rates: Sequence[float]) -> str:
    """A chosen rate, and whether it lies at an end of those that were tried: a better one may lie beyond."""
    ends = {min(rates): " (lowest tried)", max(rates): " (highest tried)"} if len(rates) > 1 else {}
    return f"{rate:g}{ends.get(rate, '')}"


def said_of_rates(rates: Sequence[float]) -> str:
    """How rates were chosen, as a report says it."""
    if len(rates) == 1:
        return f"the rate is {rates[0]:g} and was not searched"
    listed = ", ".join(f"{rate:g}" for rate in rates)
    return f"the rate is that of {listed} with the lowest loss on seed {SELECTION}, which no figure counts"
