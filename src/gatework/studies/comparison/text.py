"""Published comparisons of small character models: a study whose trials and most of whose report are a comparison's."""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable
from typing import Any

from gatework.data import Corpus, load_corpus
from gatework.settings import CorpusConfig, RunConfig, checked_config
from gatework.studies.comparison.comparison import Comparison
from gatework.studies.sources.text import text_sources
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trial, Trials

HELD_OUT = 0.04
VALIDATIONS = 15

MakeComparison = Callable[[RunConfig, Corpus, bool], Comparison]


class TextComparison(Study):
    """A comparison on a text.

    Attributes:
        quick_updates: of a training in the quick scope.
        full_updates: of one in the full scope; the number of updates tells a trial's scope.
    """

    quick_updates: int
    full_updates: int

    @abc.abstractmethod
    def settings(self) -> dict[str, dict[str, Any]]:
        """What all trainings have in common: settings of ``model`` and of ``training``."""

    @abc.abstractmethod
    def comparison_of(self, config: RunConfig, corpus: Corpus, quick: bool) -> Comparison:
        """The comparison."""

    def comparison(self, scope: Scope) -> Comparison:
        """The comparison of a scope, made once in a process."""
        return _made(type(self), self.quick_updates if scope.quick else self.full_updates, scope.quick, text_sources())

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Speeds, learning rates, counted seeds."""
        return self.comparison(scope).plan(scope, done)

    def measure(self, settings: Settings) -> Measured:
        """Train once, or measure speeds."""
        return self.comparison(self._scope(settings)).measure(settings)

    def said(self, trial: Trial) -> str:
        """Its arm, seed and loss."""
        return self.comparison(self._scope(trial.settings)).said(trial)

    def _scope(self, settings: Settings) -> Scope:
        return Scope(settings["steps"] == self.quick_updates)


@functools.lru_cache(maxsize=2)
def _made(kind: type[TextComparison], updates: int, quick: bool, sources: tuple[str, ...]) -> Comparison:
    corpus = load_corpus(CorpusConfig(sources=list(sources), validation=HELD_OUT, test=HELD_OUT))
    study = kind()  # a type is the same in all that a process is given
    own = study.settings()
    training = {"steps": updates, "validate_every": max(1, updates // VALIDATIONS), "device": "cpu"}
    config = checked_config(
        {
            "task": "language",
            "data": {"sources": list(sources), "validation": HELD_OUT, "test": HELD_OUT},
            "model": own.get("model", {}),
            "training": {**training, **own.get("training", {})},
        }
    )
    return study.comparison_of(config, corpus, quick)
