"""Models as scikit-learn estimators: fit and predict on lists of arrays and strings (extra `sklearn`)."""

from gatework.estimators.classifier import SequenceClassifier
from gatework.estimators.forecaster import Forecaster
from gatework.estimators.regressor import SequenceRegressor
from gatework.estimators.tagger import SequenceTagger

__all__ = ["Forecaster", "SequenceClassifier", "SequenceRegressor", "SequenceTagger"]
