"""A regressor on sequences as scikit-learn knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from gatework.data.dataset import divided, make_dataset
from gatework.data.labelled.class_codec import InputKind
from gatework.data.labelled.class_reader import choose_reader, settled
from gatework.data.scaling import Scaling
from gatework.data.text.symbols import Symbols
from gatework.estimators.estimator import SequenceEstimator, checked_sequences, seeded
from gatework.models.regress import NumberedExample, Regressor, RegressorCodec
from gatework.settings.regress import RegressorConfig, RegressorTraining
from gatework.settings.tasks.classify import ClassifyData


class SequenceRegressor(RegressorMixin, SequenceEstimator):
    """One or several numbers for each sequence: a text, or an array of steps.

    Example:
        >>> SequenceRegressor(hidden_size=32).fit([temperatures, ...], [yields, ...]).predict([temperatures])

    Attributes (after ``fit``):
        model_: the ``Regressor``.
        outcome_: how the training went.
    """

    Network = Regressor
    Shape = RegressorConfig
    Training = RegressorTraining
    Data = ClassifyData
    data_settings = ("level", "lower", "min_count", "max_vocabulary", "validation", "split_seed")

    def fit(self, X: Sequence[Any], y: Any) -> Self:
        """Learn from sequences and their numbers.

        Args:
            X: texts, or arrays (steps, features) or (steps,) of any lengths.
            y: (sequences,) or (sequences, outputs).

        Raises:
            ValueError: X and y are not as many, a sequence is empty, or a number is not finite.
            InputError: a setting is out of range, or arrays differ in their features.
        """
        sequences = checked_sequences(X)
        numbers = np.asarray(y, np.float64)
        check_consistent_length(sequences, numbers)
        if numbers.ndim not in (1, 2) or not np.isfinite(numbers).all():
            raise ValueError(f"y has the shape {numbers.shape} or is not finite, expected finite (n,) or (n, outputs)")
        self.one_number_ = numbers.ndim == 1
        numbers = numbers[:, None] if self.one_number_ else numbers
        own: ClassifyData = self._section(ClassifyData).model_copy(update={"test": 0.0})
        train, held, _ = divided(range(len(sequences)), own)
        kind: InputKind = "text" if isinstance(sequences[0], str) else "series"
        known = [sequences[place] for place in train]
        own = settled(own, kind, known)
        reads = choose_reader(known, own, kind)
        assert isinstance(reads, Symbols | Scaling)
        codec = RegressorCodec(reads, Scaling.of([numbers[train]]))
        scaled = codec.numbers.apply(numbers, "y")
        examples = [NumberedExample(_encoded(reads, one, place), scaled[place]) for place, one in enumerate(sequences)]
        parts: Any = ([examples[place] for place in train], [examples[place] for place in held], [])
        training = self._section(self.Training)
        seeded(training)
        self._train(Regressor(self._section(RegressorConfig), codec), make_dataset(parts, codec, own, "X"), training)
        return self

    def predict(self, X: Sequence[Any]) -> np.ndarray:
        """Numbers for each sequence, of the shape that y had.

        Raises:
            NotFittedError: it was not fitted.
            ValueError: a sequence is empty.
            InputError: an array has other features than in training.
        """
        check_is_fitted(self, "model_")
        reads = self.model_.codec.reads
        steps = [_encoded(reads, one, place) for place, one in enumerate(checked_sequences(X))]
        found = self.model_.eval().numbers(steps)
        return found[:, 0] if self.one_number_ else found

    def _fitted(self) -> dict[str, Any]:
        return {"one_number": self.one_number_}

    def _refit(self, fitted: Mapping[str, Any]) -> None:
        self.one_number_ = bool(fitted["one_number"])


def _encoded(reads: Symbols | Scaling, one: str | np.ndarray, place: int) -> np.ndarray:
    if isinstance(reads, Symbols) != isinstance(one, str):
        raise ValueError(f"X[{place}] is a {type(one).__name__}, but the model reads {type(reads).__name__.lower()}")
    steps = reads.encode(str(one)) if isinstance(reads, Symbols) else reads.apply(np.asarray(one), f"X[{place}]")
    if not len(steps):
        raise ValueError(f"X[{place}] is empty, expected at least one step")
    return steps
