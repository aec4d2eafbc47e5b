"""One task, one file: embed, layers, head, loss."""

from gatework.models.language import LanguageModel, LanguageModelConfig

__all__ = ["LanguageModel", "LanguageModelConfig"]
