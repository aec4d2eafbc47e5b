"""binary-memory: coins that depend on coins three and eight steps ago, and which of both a window lets be learnt."""

from gatework.studies.published.binary_memory.study import STUDY

__all__ = ["STUDY"]
