"""gates-fixed: an LSTM whose gates are held at i=1, f=0, o=1 beside the Elman network that it nearly is."""

from gatework.studies.published.gates_fixed.study import STUDY

__all__ = ["STUDY"]
