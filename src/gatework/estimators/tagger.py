"""A tagger of sentences as scikit-learn knows estimators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from gatework.data.dataset import divided, make_dataset
from gatework.data.tagging.tag_codec import TaggerCodec
from gatework.estimators.estimator import SequenceEstimator, seeded
from gatework.models.tag import Tagger
from gatework.settings.tasks.tag import SETTINGS, TagData, TaggerConfig


class SequenceTagger(SequenceEstimator):
    """A tag for each word of a sentence.

    Parameters are the settings of ``gatework train --task tag``, all by keyword.

    Example:
        >>> SequenceTagger().fit([["The", "cat", "sat"], ...], [["DET", "NOUN", "VERB"], ...])

    Attributes (after ``fit``):
        classes_: (tags,) in the order of the probabilities.
        model_: the ``Tagger``.
        outcome_: how the training went.
    """

    Network = Tagger
    Shape = TaggerConfig
    Training = SETTINGS.training
    Data = TagData
    data_settings = ("lower", "min_count", "max_vocabulary", "validation", "split_seed")

    def fit(self, X: Sequence[Sequence[str]], y: Sequence[Sequence[str]]) -> Self:
        """Learn from sentences, each a list of words, and as many tags.

        Raises:
            ValueError: a sentence has no words or not as many tags, or all words have the same tag.
            InputError: a setting is out of range.
        """
        sentences, tags = _sentences(X, "X"), _sentences(y, "y")
        check_consistent_length(sentences, tags)
        for place, (words, given) in enumerate(zip(sentences, tags, strict=True)):
            if len(words) != len(given):
                raise ValueError(f"X[{place}] has {len(words)} words and y[{place}] {len(given)} tags")
        own: TagData = self._section(TagData).model_copy(update={"test": 0.0})
        train, held, _ = divided(range(len(sentences)), own)
        known = [tags[place] for place in train]
        if len({tag for one in known for tag in one}) < 2:
            raise ValueError("y has one tag only: give two or more")
        codec = TaggerCodec.build(
            [sentences[place] for place in train],
            known,
            lower=own.lower,
            min_count=own.min_count,
            max_vocabulary=own.max_vocabulary,
        )
        parts = tuple([codec.encode(sentences[place], tags[place]) for place in part] for part in (train, held, []))
        training = self._section(self.Training)
        seeded(training)
        data = make_dataset((parts[0], parts[1], parts[2]), codec, own, "X")
        self._train(Tagger(self._section(TaggerConfig), codec), data, training)
        return self

    @property
    def classes_(self) -> np.ndarray:
        """The tags, in the order of the probabilities."""
        check_is_fitted(self, "model_")
        return np.array(self.model_.codec.tags.names)

    def predict(self, X: Sequence[Sequence[str]]) -> list[list[str]]:
        """The likeliest tags of each sentence.

        Raises:
            NotFittedError: it was not fitted.
            ValueError: a sentence has no words.
        """
        check_is_fitted(self, "model_")
        return self.model_.eval().tags([self.model_.codec.encode(words) for words in _sentences(X, "X")])

    def predict_proba(self, X: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """The probability of each tag for each word, (words, tags) a sentence, in the order of ``classes_``."""
        check_is_fitted(self, "model_")
        return self.model_.eval().probabilities([self.model_.codec.encode(words) for words in _sentences(X, "X")])

    def score(self, X: Sequence[Sequence[str]], y: Sequence[Sequence[str]]) -> float:
        """The share of words that get the right tag."""
        right = [tag for one in y for tag in one]
        found = [tag for one in self.predict(X) for tag in one]
        if len(right) != len(found):
            raise ValueError(f"X has {len(found)} words and y {len(right)} tags")
        return sum(a == b for a, b in zip(found, right, strict=True)) / len(right)


def _sentences(given: Any, name: str) -> list[list[str]]:
    sentences = []
    for place, one in enumerate(given):
        if isinstance(one, str) or not len(one) or not all(isinstance(word, str) for word in one):
            raise ValueError(f"{name}[{place}] must be a list of at least one text, not {one!r}")
        sentences.append(list(one))
    if not sentences:
        raise ValueError(f"{name} has no sentence")
    return sentences
