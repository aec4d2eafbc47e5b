"""Arms of one configuration (cells, optimizers), trained at the same budget and judged on the same held-out part."""

from gatework.studies.comparison.comparison import Comparison, with_test_part

__all__ = ["Comparison", "with_test_part"]
