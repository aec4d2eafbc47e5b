"""One task, one file: embed, layers, head, loss."""

from gatework.models.forecast import ForecastModel
from gatework.models.language import LanguageModel
from gatework.models.model import ExampleModel, Model

__all__ = ["ExampleModel", "ForecastModel", "LanguageModel", "Model"]
