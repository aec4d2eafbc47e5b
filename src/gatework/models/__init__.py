"""One task, one file: embed, layers, head, loss."""

from gatework.models.caption import Captioner
from gatework.models.classify import Classifier
from gatework.models.language import LanguageModel
from gatework.models.model import ExampleModel, Model
from gatework.models.music import MusicModel

__all__ = ["Captioner", "Classifier", "ExampleModel", "LanguageModel", "Model", "MusicModel"]
