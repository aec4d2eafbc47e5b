"""Everything that a user can set, on three screens; imports no torch, so that `--help` answers at once."""

from gatework.settings.corpus import CorpusConfig, Level
from gatework.settings.model import LanguageModelConfig
from gatework.settings.regularizers import Regularizers
from gatework.settings.run import SECTIONS, RunConfig, checked, checked_config
from gatework.settings.training import TrainingConfig

__all__ = [
    "SECTIONS",
    "CorpusConfig",
    "LanguageModelConfig",
    "Level",
    "Regularizers",
    "RunConfig",
    "TrainingConfig",
    "checked",
    "checked_config",
]
