"""Recurrent networks for Python: write the equations, get the kernel."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gatework.cells import Cell as Cell
    from gatework.cells import Gate as Gate
    from gatework.data import Corpus as Corpus
    from gatework.data import Vocabulary as Vocabulary
    from gatework.data import load_corpus as load_corpus
    from gatework.engine import run as run
    from gatework.errors import GateworkError as GateworkError
    from gatework.estimators import Forecaster as Forecaster
    from gatework.estimators import SequenceClassifier as SequenceClassifier
    from gatework.estimators import SequenceRegressor as SequenceRegressor
    from gatework.estimators import SequenceTagger as SequenceTagger
    from gatework.generation import Sampling as Sampling
    from gatework.generation import generate as generate
    from gatework.generation import generate_batch as generate_batch
    from gatework.insight import draw_cell as draw_cell
    from gatework.insight import plot_curves as plot_curves
    from gatework.insight import plot_gates as plot_gates
    from gatework.layers import GRU as GRU
    from gatework.layers import LSTM as LSTM
    from gatework.layers import RNN as RNN
    from gatework.layers import DeepTransition as DeepTransition
    from gatework.layers import Recurrent as Recurrent
    from gatework.layers import Stack as Stack
    from gatework.layers import Stateful as Stateful
    from gatework.layers import truncated as truncated
    from gatework.models import Captioner as Captioner
    from gatework.models import Classifier as Classifier
    from gatework.models import ConditionalLanguageModel as ConditionalLanguageModel
    from gatework.models import ForecastModel as ForecastModel
    from gatework.models import LanguageModel as LanguageModel
    from gatework.models import MusicModel as MusicModel
    from gatework.models import Regressor as Regressor
    from gatework.models import Tagger as Tagger
    from gatework.models import Transcriber as Transcriber
    from gatework.models import TranslationModel as TranslationModel
    from gatework.settings import CorpusConfig as CorpusConfig
    from gatework.settings import Regularizers as Regularizers
    from gatework.settings import TrainingConfig as TrainingConfig
    from gatework.training import Callback as Callback
    from gatework.training import Trainer as Trainer
    from gatework.training import evaluate as evaluate
    from gatework.training import fit as fit

_ROOMS = {
    "Cell": "cells",
    "Gate": "cells",
    "Corpus": "data",
    "Vocabulary": "data",
    "load_corpus": "data",
    "run": "engine",
    "GateworkError": "errors",
    "Forecaster": "estimators",
    "SequenceClassifier": "estimators",
    "SequenceRegressor": "estimators",
    "SequenceTagger": "estimators",
    "Sampling": "generation",
    "generate": "generation",
    "generate_batch": "generation",
    "draw_cell": "insight",
    "plot_curves": "insight",
    "plot_gates": "insight",
    "GRU": "layers",
    "LSTM": "layers",
    "RNN": "layers",
    "DeepTransition": "layers",
    "Recurrent": "layers",
    "Stack": "layers",
    "Stateful": "layers",
    "truncated": "layers",
    "Captioner": "models",
    "Classifier": "models",
    "ConditionalLanguageModel": "models",
    "ForecastModel": "models",
    "LanguageModel": "models",
    "MusicModel": "models",
    "Regressor": "models",
    "Tagger": "models",
    "Transcriber": "models",
    "TranslationModel": "models",
    "CorpusConfig": "settings",
    "Regularizers": "settings",
    "TrainingConfig": "settings",
    "Callback": "training",
    "Trainer": "training",
    "evaluate": "training",
    "fit": "training",
}
"""Public name -> the room it comes from; imported when first used, so that the command line starts at once."""

__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'gatework' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gatework.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
