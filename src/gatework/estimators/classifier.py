"""A classifier of sequences as scikit-learn knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from gatework.data.dataset import divided, make_dataset
from gatework.data.labelled.class_codec import ClassifierCodec, InputKind
from gatework.data.labelled.class_reader import choose_reader, settled
from gatework.data.labelled.labelled_dataset import ClassExample
from gatework.estimators.estimator import SequenceEstimator, checked_sequences, seeded
from gatework.models.classify import Classifier
from gatework.settings.tasks.classify import SETTINGS, ClassifierConfig, ClassifyData, usual_epochs
from gatework.tasks.classify import settled_model


class SequenceClassifier(ClassifierMixin, SequenceEstimator):
    """One class for each sequence: a text, or an array of steps.

    Parameters are the settings of ``gatework train --task classify``, all by keyword.

    Example:
        >>> SequenceClassifier(epochs=20).fit(["Novak", "Smith", ...], ["Czech", "English", ...])

    Attributes (after ``fit``):
        classes_: (classes,) in the order of the probabilities.
        model_: the ``Classifier``.
        outcome_: how the training went.
    """

    Network = Classifier
    Shape = ClassifierConfig
    Training = SETTINGS.training
    Data = ClassifyData
    data_settings = ("level", "lower", "min_count", "max_vocabulary", "validation", "split_seed")

    def fit(self, X: Sequence[Any], y: Sequence[Any]) -> Self:
        """Learn from sequences and their classes.

        Args:
            X: texts, or arrays (steps, features) or (steps,) of any lengths.
            y: a class for each.

        Raises:
            ValueError: X and y are not as many, a sequence is empty, or there is one class only.
            InputError: a setting is out of range, or arrays differ in their features.
        """
        sequences, labels = checked_sequences(X), np.asarray(y)
        check_consistent_length(sequences, labels)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class only, {self.classes_[0]!r}: give two or more")
        names = _names(self.classes_)
        own: ClassifyData = self._section(ClassifyData).model_copy(update={"test": 0.0})
        train, held, _ = divided(range(len(sequences)), own, numbers.tolist())
        kind: InputKind = "text" if isinstance(sequences[0], str) else "series"
        known = [sequences[place] for place in train]
        own = settled(own, kind, known)
        codec = ClassifierCodec.build([names[numbers[place]] for place in train], choose_reader(known, own, kind))
        examples = [
            ClassExample(_filled(codec, one, place), codec.labels.find(names[numbers[place]]) or 0)
            for place, one in enumerate(sequences)
        ]
        parts: Any = ([examples[place] for place in train], [examples[place] for place in held], [])
        training = self._section(self.Training)
        if training.epochs is training.minutes is training.steps is None:
            training = training.model_copy(update={"epochs": usual_epochs(len(train), training.batch)})
        seeded(training)
        model = Classifier(settled_model(self._shape(names), codec), codec)
        self._train(model, make_dataset(parts, codec, own, "X"), training)
        return self

    def _shape(self, names: Sequence[str]) -> ClassifierConfig:
        """The model's configuration, its class weights by the names that classes have inside."""
        config: ClassifierConfig = self._section(ClassifierConfig)
        if not isinstance(config.class_weights, dict):
            return config
        inside = dict(zip(map(str, self.classes_.tolist()), names, strict=True))
        weights = {inside.get(name, name): weight for name, weight in config.class_weights.items()}
        return config.model_copy(update={"class_weights": weights})

    def predict(self, X: Sequence[Any]) -> np.ndarray:
        """The likeliest class of each sequence, (sequences,)."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]

    def predict_proba(self, X: Sequence[Any]) -> np.ndarray:
        """The probability of each class, (sequences, classes), in the order of ``classes_``.

        Raises:
            NotFittedError: it was not fitted.
            ValueError: a sequence is empty.
            InputError: an array has other features than in training.
        """
        check_is_fitted(self, "model_")
        codec = self.model_.codec
        examples = [ClassExample(_filled(codec, one, place)) for place, one in enumerate(checked_sequences(X))]
        found = self.model_.eval().probabilities(examples)
        order = [codec.labels.find(name) for name in _names(self.classes_)]
        return np.stack([np.zeros(len(found)) if place is None else found[:, place] for place in order], axis=1)

    def _fitted(self) -> dict[str, Any]:
        return {"classes": self.classes_.tolist(), "dtype": self.classes_.dtype.str}

    def _refit(self, fitted: Mapping[str, Any]) -> None:
        self.classes_ = np.array(fitted["classes"], dtype=np.dtype(fitted["dtype"]))
        if not set(self.model_.codec.labels.names) <= set(_names(self.classes_)):
            raise ValueError("its classes are not the model's")


def _names(classes: np.ndarray) -> list[str]:
    """Classes as texts; numbered where two of them would be one text."""
    names = [str(one) for one in classes.tolist()]
    distinct = len(set(names)) == len(names) and all(names)
    return names if distinct else [f"{place} {name}" for place, name in enumerate(names)]


def _filled(codec: ClassifierCodec, one: Any, place: int) -> np.ndarray:
    steps = codec.encode(one, f"X[{place}]")
    if not len(steps):
        raise ValueError(f"X[{place}] is empty, expected at least one step")
    return steps
