"""random-search: how soon a grid, random draws and proposals find good settings, and which of them matter."""

from gatework.studies.published.random_search.study import STUDY

__all__ = ["STUDY"]
