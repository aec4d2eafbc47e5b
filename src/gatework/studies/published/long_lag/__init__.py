"""long-lag: the tasks made to need a long memory, and which cell solves which."""

from gatework.studies.published.long_lag.study import STUDY

__all__ = ["STUDY"]
