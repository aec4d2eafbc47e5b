"""A search for good settings: a space, trials by Optuna that end early where they do badly, and what mattered."""

from gatework.studies.search.importance import importances
from gatework.studies.search.search import Judge, Search, Tried, check_installed
from gatework.studies.search.space import Dimension, Space, usual_space

__all__ = ["Dimension", "Judge", "Search", "Space", "Tried", "check_installed", "importances", "usual_space"]
