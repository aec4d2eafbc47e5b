"""Estimators in scikit-learn's hands: they learn, are cloned, searched over, piped, saved; and say what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from gatework.data.dataset import divided
from gatework.errors import DamagedFileError, InputError
from gatework.estimators import Forecaster, SequenceClassifier, SequenceRegressor, SequenceTagger
from gatework.settings import ExampleData, task_settings

SMALL: dict[str, Any] = {"hidden_size": 11, "batch": 16, "learning_rate": 0.02}


def words(count: int = 60) -> tuple[list[str], list[str]]:
    """Words of a's or of b's, with a c somewhere."""
    draw = np.random.default_rng(3)
    texts = [
        "".join(draw.permutation(list("c" + letter * length)))
        for letter, length in zip("ab" * count, draw.integers(1, 6, 2 * count), strict=True)
    ]
    return texts, ["of a" if "a" in text else "of b" for text in texts]


def curves(count: int = 60) -> tuple[list[np.ndarray], np.ndarray]:
    """Sines of unequal lengths, and their frequencies."""
    draw = np.random.default_rng(5)
    rates = draw.uniform(0.2, 1.0, count)
    return [np.sin(rate * np.arange(draw.integers(20, 31))) for rate in rates], rates


@pytest.fixture(scope="module")
def classifier() -> SequenceClassifier:
    return SequenceClassifier(**SMALL, steps=60, embedding_size=5).fit(*words())


def test_a_classifier_learns_texts(classifier: SequenceClassifier) -> None:
    X, y = words()
    assert classifier.classes_.tolist() == ["of a", "of b"]
    assert classifier.score(X, y) > 0.95
    shares = classifier.predict_proba(X[:7])
    assert shares.shape == (7, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert classifier.predict(X[:7]).tolist() == classifier.classes_[shares.argmax(axis=1)].tolist()
    np.testing.assert_allclose(classifier.predict_proba([X[3]]), shares[3:4], rtol=1e-4)  # alone as among others
    again = SequenceClassifier(**SMALL, steps=60, embedding_size=5).fit(*words())
    assert np.array_equal(again.predict_proba(X), classifier.predict_proba(X))


def test_classes_of_any_type_and_arrays(tmp_path: Path) -> None:
    X, rates = curves()
    y = np.where(rates > 0.6, 10, 9)  # as texts, 10 comes before 9
    found = SequenceClassifier(**SMALL, steps=80).fit(X, y)
    assert found.classes_.tolist() == [9, 10]
    assert found.score(X, y) > 0.8
    found.save(tmp_path)
    loaded = SequenceClassifier.load(tmp_path)
    assert loaded.predict(X).dtype == y.dtype
    assert np.array_equal(loaded.predict_proba(X), found.predict_proba(X))
    assert loaded.get_params() == found.get_params()


def test_a_regressor_learns_numbers_in_their_own_unit(tmp_path: Path) -> None:
    X, rates = curves()
    y = np.stack([1000 * rates, 5 - rates], axis=1)
    found = SequenceRegressor(**SMALL, steps=150).fit(X, y)
    assert found.predict(X).shape == (60, 2)
    assert found.score(X, y) > 0.7
    errors = np.abs(found.predict(X) - y).mean(axis=0)
    assert errors[0] < 150
    assert errors[1] < 0.15
    found.save(tmp_path)
    assert np.array_equal(SequenceRegressor.load(tmp_path).predict(X), found.predict(X))
    assert SequenceRegressor(**SMALL, steps=2).fit(X, rates).predict(X[:3]).shape == (3,)
    assert SequenceRegressor(**SMALL, steps=2).fit(*words()[:1], np.arange(120)).predict(["aac"]).shape == (1,)


def test_the_r2_that_chooses_the_model_is_scikit_learns() -> None:
    X, rates = curves()
    found = SequenceRegressor(**SMALL, steps=30, validation=0.5).fit(X, rates)
    held = divided(range(len(X)), ExampleData(validation=0.5))[1]
    best = found.outcome_.validation.figures["r2"]
    assert best == pytest.approx(found.score([X[place] for place in held], rates[held]), abs=1e-5)


def test_a_tagger_learns_and_gives_probabilities(tmp_path: Path) -> None:
    draw = np.random.default_rng(7)
    X = [list(draw.choice(["one", "two", "red", "blue"], draw.integers(1, 6))) for _ in range(60)]
    X = [[str(word) for word in sentence] for sentence in X]
    y = [["NUM" if word in ("one", "two") else "COL" for word in sentence] for sentence in X]
    found = SequenceTagger(**SMALL, steps=60, embedding_size=5, character_size=5, character_hidden=7).fit(X, y)
    assert found.score(X, y) > 0.95
    assert found.classes_.tolist() == ["COL", "NUM"]
    shares = found.predict_proba(X[:2])
    assert [one.shape for one in shares] == [(len(sentence), 2) for sentence in X[:2]]
    assert found.predict(X[:1])[0] == found.classes_[shares[0].argmax(axis=1)].tolist()
    found.save(tmp_path)
    assert SequenceTagger.load(tmp_path).predict(X) == found.predict(X)
    with pytest.raises(ValueError, match=r"X\[0\] has 2 words and y\[0\] 1 tags"):
        SequenceTagger().fit([["a", "b"]], [["X"]])
    with pytest.raises(ValueError, match="list of at least one text"):
        SequenceTagger().fit(["a b"], [["X", "Y"]])


def test_a_forecaster_goes_on(tmp_path: Path) -> None:
    steps = np.arange(120)
    series = 10 + 0.05 * steps + 3 * np.sin(2 * np.pi * steps / 6)
    settings = {**SMALL, "horizon": 6, "season": 6, "context": 12, "steps": 80, "validation": 0.1}
    found = Forecaster(**settings).fit(series[:-6])
    assert found.predict().shape == (6,)
    assert np.abs(found.predict() - series[-6:]).mean() < 1.0
    low, high = found.predict_quantiles([0.1, 0.9])
    assert (low <= high).all()
    assert found.score(series) > -2
    found.save(tmp_path)
    assert np.array_equal(Forecaster.load(tmp_path).predict(), found.predict())
    several = Forecaster(**settings).fit([series[:-6], series[6:] * 2])
    assert several.predict().shape == (2, 6)
    assert several.predict_quantiles([0.5], [series, series, series]).shape == (1, 3, 6)
    with pytest.raises(ValueError, match="no finite value at step 2"):
        Forecaster().fit([1.0, 2.0, np.nan])
    with pytest.raises(InputError, match="horizon"):
        Forecaster(horizon=50).fit(series)


def test_scikit_learn_clones_searches_and_pipes() -> None:
    X, y = words(20)
    plain = SequenceClassifier(**SMALL, steps=5, embedding_size=5)
    assert clone(plain).get_params() == plain.get_params()
    assert clone(plain).set_params(hidden_size=3).hidden_size == 3
    search = GridSearchCV(plain, {"cell": ["elman", "gru"]}, cv=2).fit(X, y)
    assert search.best_params_["cell"] in ("elman", "gru")
    assert len(search.predict(X)) == len(X)
    small = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    piped = Pipeline([("lower", small), ("classify", plain)]).fit([text.upper() for text in X], y)
    assert set(piped.predict(X)) <= {"of a", "of b"}


@pytest.mark.parametrize(
    ("kind", "task"), [(SequenceClassifier, "classify"), (SequenceTagger, "tag"), (Forecaster, "forecast")]
)
def test_parameters_are_the_settings_of_the_task(kind: Any, task: str) -> None:
    settings = task_settings(task)
    names = set(kind().get_params())
    assert set(settings.model.model_fields) <= names
    assert names >= {"epochs", "minutes", "batch", "learning_rate", "patience", "validation"}
    assert kind().get_params()["hidden_size"] == settings.model.model_fields["hidden_size"].default
    assert kind(cell_options={"bias": False}).cell_options == {"bias": False}
    assert kind().cell_options is not kind().cell_options or kind().cell_options == {}
    with pytest.raises(TypeError, match="did you mean 'hidden_size'"):
        kind(hiden_size=3)


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([], [], "no sequence"),
        (["a", "b"], ["x", "x"], "one class only"),
        (["a", "b", "c"], ["x", "y"], "inconsistent"),
        (["a", np.ones(3)], ["x", "y"], "mixes texts and arrays"),
        ([np.ones((0, 2)), np.ones((3, 2))], ["x", "y"], r"X\[0\] has the shape"),
    ],
)
def test_what_cannot_be_learnt(X: Any, y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SequenceClassifier(**SMALL).fit(X, y)


def test_what_cannot_be_predicted(classifier: SequenceClassifier, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        SequenceClassifier().predict(["a"])
    with pytest.raises(NotFittedError):
        SequenceClassifier().save(tmp_path)
    with pytest.raises(ValueError, match=r"X\[1\] is empty"):
        classifier.predict(["a", ""])
    with pytest.raises(TypeError, match="reads text"):
        classifier.predict([np.ones((3, 1))])
    with pytest.raises(InputError, match="greater than or equal to 1"):
        SequenceClassifier(hidden_size=0).fit(*words())
    classifier.save(tmp_path / "c")
    with pytest.raises(InputError, match=r"load it with SequenceClassifier\.load"):
        SequenceTagger.load(tmp_path / "c")


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("estimator.json", {"parameters": {"hiden_size": 3}}),
        ("estimator.json", {"parameters": {"hidden_size": "wide"}}),
        ("estimator.json", {"parameters": [3]}),
        ("estimator.json", {"format": "another/1"}),
        ("fitted.json", {"classes": None}),
        ("fitted.json", {"dtype": "no type"}),
        ("fitted.json", {"classes": ["other", "names"]}),
    ],
)
def test_a_damaged_estimator_is_refused(
    classifier: SequenceClassifier, tmp_path: Path, file: str, changes: dict[str, Any]
) -> None:
    classifier.save(tmp_path)
    held = json.loads((tmp_path / file).read_text(encoding="utf-8"))
    (tmp_path / file).write_text(json.dumps({**held, **changes}), encoding="utf-8")
    with pytest.raises(DamagedFileError, match=file) as raised:
        SequenceClassifier.load(tmp_path)
    assert raised.value.remedy
    (tmp_path / file).write_text("[]", encoding="utf-8")
    with pytest.raises(DamagedFileError, match=file):
        SequenceClassifier.load(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(InputError, match=f"cannot read .*{file}"):
        SequenceClassifier.load(tmp_path)
