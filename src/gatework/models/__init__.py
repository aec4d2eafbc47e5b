"""One task, one file: embed, layers, head, loss."""

from gatework.models.language import LanguageModel
from gatework.models.model import ExampleModel, Model
from gatework.models.tag import Tagger

__all__ = ["ExampleModel", "LanguageModel", "Model", "Tagger"]
