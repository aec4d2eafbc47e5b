"""Random search over hyperparameters: what is drawn, and how much of what was measured each of them explains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatework.studies.trials import Trials


@dataclass(frozen=True)
class Range:
    """Where a number is drawn from.

    Attributes:
        low: the least value, above 0 where ``logarithmic``.
        high: the greatest.
        logarithmic: whether its logarithm is uniform, and not the number.
    """

    low: float
    high: float
    logarithmic: bool = False

    def draw(self, random: np.random.Generator) -> float:
        """A number between the two."""
        if not self.logarithmic:
            return float(random.uniform(self.low, self.high))
        return math.exp(random.uniform(math.log(self.low), math.log(self.high)))


def drawn(ranges: Mapping[str, Range], count: int, seed: int) -> list[dict[str, float]]:
    """So many independent settings; of more than ``count`` the first are the same."""
    random = np.random.default_rng(seed)
    return [{name: one.draw(random) for name, one in ranges.items()} for _ in range(count)]


def importances(
    trials: Trials, ranges: Mapping[str, Range], choices: Mapping[str, Sequence[str]], target: str
) -> dict[str, float]:
    """The share of a measured number's variance that each hyperparameter explains alone, by functional ANOVA.

    Args:
        trials: the failed ones, and those with no finite number, are left out.
        ranges: the numbers among the settings.
        choices: the names among the settings, and the values they have.
        target: the measured number.

    Returns:
        Shares that add up to 1, the greatest first; nothing where fewer than two trials differ in what they measured.

    Reference: Hutter, Hoos and Leyton-Brown 2014, An efficient approach for assessing hyperparameter importance, ICML.
    """
    import optuna  # the extra [studies]

    finite = trials.good.that(lambda trial: math.isfinite(trial[target]))
    if len(set(finite.values(target))) < 2:
        return {}
    floating = optuna.distributions.FloatDistribution
    numbers = {name: floating(one.low, one.high, log=one.logarithmic) for name, one in ranges.items()}
    names = {name: optuna.distributions.CategoricalDistribution(tuple(values)) for name, values in choices.items()}
    space: dict[str, Any] = {**numbers, **names}
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study()
        for trial in finite:
            params = {name: trial.settings[name] for name in space}
            study.add_trial(optuna.create_trial(params=params, distributions=space, value=trial[target]))
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=1)
        return optuna.importance.get_param_importances(study, evaluator=evaluator)
    finally:
        optuna.logging.set_verbosity(verbosity)
