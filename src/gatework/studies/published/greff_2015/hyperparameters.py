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

    def place(self, number: float) -> float:
        """The number on the scale on which draws are uniform."""
        return math.log(number) if self.logarithmic else number

    def draw(self, random: np.random.Generator) -> float:
        """A number between the two."""
        drawn = float(random.uniform(self.place(self.low), self.place(self.high)))
        return math.exp(drawn) if self.logarithmic else drawn


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
    # Optuna's forest averages over a logarithmic distribution as if it were uniform: it gets the logarithms
    numbers = {name: floating(one.place(one.low), one.place(one.high)) for name, one in ranges.items()}
    names = {name: optuna.distributions.CategoricalDistribution(tuple(values)) for name, values in choices.items()}
    space: dict[str, Any] = {**numbers, **names}
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study()
        for trial in finite:
            params = {name: trial.settings[name] for name in choices}
            params |= {name: one.place(trial.settings[name]) for name, one in ranges.items()}
            study.add_trial(optuna.create_trial(params=params, distributions=space, value=trial[target]))
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=1)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
        return {name: float(share) for name, share in found.items()}
    finally:
        optuna.logging.set_verbosity(verbosity)
