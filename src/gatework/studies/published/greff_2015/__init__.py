"""greff-2015: LSTMs with one part taken away, each variant at the same drawn hyperparameters."""

from gatework.studies.published.greff_2015.study import STUDY

__all__ = ["STUDY"]
