"""One task, one file: embed, layers, head, loss."""

from gatework.models.caption import Captioner
from gatework.models.language import LanguageModel
from gatework.models.model import ExampleModel, Model

__all__ = ["Captioner", "ExampleModel", "LanguageModel", "Model"]
