"""chung-2014: tanh, GRU and LSTM of about as many parameters on four collections of polyphonic music."""

from gatework.studies.published.chung_2014.study import STUDY

__all__ = ["STUDY"]
