"""jozefowicz-2015: ten published cells on three tasks, and a search for better ones."""

from gatework.studies.published.jozefowicz_2015.study import STUDY

__all__ = ["STUDY"]
