"""Everything that a user can set, task by task; imports no torch, so that `--help` answers at once."""

from gatework.settings.corpus import CorpusConfig, Level
from gatework.settings.data import STANDARD_INPUT, DataConfig, ExampleData
from gatework.settings.generation import GenerationConfig
from gatework.settings.recurrent import EncoderConfig, RecurrentConfig
from gatework.settings.regularizers import Regularizers
from gatework.settings.run import RunConfig, checked, checked_config, run_config
from gatework.settings.task import PredictionConfig, TaskSettings
from gatework.settings.tasks import TASKS, task_settings
from gatework.settings.tasks.language import LanguageGeneration, LanguageModelConfig
from gatework.settings.tasks.music import MusicConfig, MusicData, MusicGeneration, MusicPrediction, MusicTraining
from gatework.settings.training import ExampleTraining, StreamTraining, TrainingConfig

__all__ = [
    "STANDARD_INPUT",
    "TASKS",
    "CorpusConfig",
    "DataConfig",
    "EncoderConfig",
    "ExampleData",
    "ExampleTraining",
    "GenerationConfig",
    "LanguageGeneration",
    "LanguageModelConfig",
    "Level",
    "MusicConfig",
    "MusicData",
    "MusicGeneration",
    "MusicPrediction",
    "MusicTraining",
    "PredictionConfig",
    "RecurrentConfig",
    "Regularizers",
    "RunConfig",
    "StreamTraining",
    "TaskSettings",
    "TrainingConfig",
    "checked",
    "checked_config",
    "run_config",
    "task_settings",
]
