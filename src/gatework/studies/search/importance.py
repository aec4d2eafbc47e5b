"""Which settings mattered in a search, as functional analysis of variance tells it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gatework.studies.search.search import Tried
from gatework.studies.search.space import Dimension, Space

FEWEST = 6
"""Trials below which nothing is told."""


def importances(tried: Sequence[Tried], space: Space, seed: int = 1) -> dict[str, float] | None:
    """The share of the losses' variance that each setting explains alone, the largest first; they add up to 1.

    A random forest is fitted to the trials that were done, and the variance of its prediction is divided among the
    settings (fANOVA, Hutter, Hoos and Leyton-Brown 2014). Optuna's own measure takes a range as uniform; a setting
    that was searched by its logarithm is measured by it here too, else its lower values would hardly count.

    Returns:
        None where fewer than six trials were done, or all did equally well.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    done = [one for one in tried if one.state == "done" and math.isfinite(one.rank)]
    if len(done) < FEWEST or len({one.rank for one in done}) < 2:
        return None
    study = optuna.create_study()
    kinds = {one.name: _uniform(one) for one in space}
    for one in done:
        values = {each.name: _place(each, one.drawn[each.name]) for each in space}
        study.add_trial(optuna.create_trial(params=values, distributions=kinds, value=one.rank))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    total = math.fsum(found.values())
    if not total > 0:
        return None
    return {name: share / total for name, share in sorted(found.items(), key=lambda pair: -pair[1])}


def _uniform(dimension: Dimension) -> Any:
    """The distribution of what ``_place`` returns."""
    if not dimension.log:
        return dimension.distribution()
    from optuna.distributions import FloatDistribution

    return FloatDistribution(math.log(dimension.low), math.log(dimension.high))


def _place(dimension: Dimension, drawn: Any) -> Any:
    if not dimension.log:
        return drawn
    return min(max(math.log(drawn), math.log(dimension.low)), math.log(dimension.high))
