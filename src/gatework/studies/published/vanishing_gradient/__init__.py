"""vanishing-gradient: how much of an error arrives at the states before it, in six kinds of network."""

from gatework.studies.published.vanishing_gradient.study import STUDY

__all__ = ["STUDY"]
