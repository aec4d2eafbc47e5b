"""One task, one file: embed, layers, head, loss."""

from gatework.models.caption import Captioner
from gatework.models.classify import Classifier
from gatework.models.conditional import ConditionalLanguageModel
from gatework.models.forecast import ForecastModel
from gatework.models.language import LanguageModel
from gatework.models.model import ExampleModel, Model
from gatework.models.music import MusicModel
from gatework.models.regress import Regressor
from gatework.models.tag import Tagger
from gatework.models.transcribe import Transcriber
from gatework.models.translate import TranslationModel

__all__ = [
    "Captioner",
    "Classifier",
    "ConditionalLanguageModel",
    "ExampleModel",
    "ForecastModel",
    "LanguageModel",
    "Model",
    "MusicModel",
    "Regressor",
    "Tagger",
    "Transcriber",
    "TranslationModel",
]
