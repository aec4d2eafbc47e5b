"""One task, one file: embed, layers, head, loss."""

from gatework.models.language import LanguageModel
from gatework.models.model import ExampleModel, Model
from gatework.models.transcribe import Transcriber

__all__ = ["ExampleModel", "LanguageModel", "Model", "Transcriber"]
