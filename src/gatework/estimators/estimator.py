"""What the estimators share: settings as parameters, training by gatework's own trainer, folders to keep them in.

skorch would bring a second training loop: without batches of like length, schedules that end on time and the choice of
the best model by its figure, and with pickle to save. It takes 1.35 times as long for the same classifier of names
(benchmarks/results/estimators.md).
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gatework.data.dataset import Dataset
from gatework.errors import DamagedFileError, InputError, did_you_mean
from gatework.models.model import Model
from gatework.settings import TrainingConfig, checked
from gatework.storage import read_json, write_json
from gatework.training import Callback, Outcome, Trainer

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise InputError("scikit-learn is not installed", "pip install 'gatework[sklearn]'") from error

FORMAT = "gatework.estimator/1"
LEFT_OUT = frozenset({"tensorboard", "checkpoint_minutes", "log_every", "show"})
"""Settings of trainings that leave a folder."""


class SequenceEstimator(BaseEstimator):
    """A scikit-learn estimator whose parameters are the settings of a task, by their names.

    Attributes (after ``fit``):
        model_: the model with the parameters that were best on the held-out share (``validation``).
        outcome_: how the training went; its ``rows`` are the metrics.
    """

    Network: ClassVar[type[Model]]
    Shape: ClassVar[type[BaseModel]]
    Training: ClassVar[type[TrainingConfig]]
    Data: ClassVar[type[BaseModel] | None] = None
    data_settings: ClassVar[tuple[str, ...]] = ()

    model_: Any
    outcome_: Outcome

    def __init_subclass__(cls) -> None:
        """Give the class a constructor with the settings as parameters."""
        super().__init_subclass__()
        if "Shape" in cls.__dict__:
            cls.__init__ = _constructor(cls.settings())  # type: ignore[method-assign]

    @classmethod
    def settings(cls) -> dict[str, FieldInfo]:
        """Parameter -> its description and default."""
        found = {**cls.Shape.model_fields, **cls.Training.model_fields}
        if cls.Data is not None:
            found |= {name: cls.Data.model_fields[name] for name in cls.data_settings}
        return {name: field for name, field in found.items() if name not in LEFT_OUT}

    def _given(self, kind: type[BaseModel]) -> dict[str, Any]:
        """The parameters of a section that differ from their defaults."""
        defaults = self.settings()
        names = [name for name in kind.model_fields if name in defaults]
        return {name: getattr(self, name) for name in names if getattr(self, name) != default_of(defaults[name])}

    def _section(self, kind: type[Any]) -> Any:
        return checked(kind, self._given(kind))

    def _train(self, model: Model, data: Dataset, training: TrainingConfig) -> Outcome:
        self.model_ = model
        callbacks = [_Lines()] if getattr(self, "verbose", False) else []
        self.outcome_ = Trainer(model, data, training, None, callbacks).fit()
        return self.outcome_

    def save(self, folder: str | Path) -> None:
        """Write a fitted estimator into a folder: parameters and model, without pickle.

        Raises:
            NotFittedError: it was not fitted.
            StorageError: the folder cannot be written.
        """
        check_is_fitted(self, "model_")
        place = Path(folder)
        given: dict[str, Any] = {}
        for kind in self._sections():  # as they were understood: numbers of NumPy are no JSON
            given |= self._section(kind).model_dump(mode="json", include=set(self._given(kind)))
        write_json(place / "estimator.json", {"format": FORMAT, "class": type(self).__name__, "parameters": given})
        write_json(place / "fitted.json", self._fitted())
        self.model_.save_pretrained(place)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            InputError: a file is missing, or it is another estimator's.
            DamagedFileError: a file does not hold what it should.
        """
        place = Path(folder)
        path = place / "estimator.json"
        header = read_json(path)
        if not isinstance(header, dict) or header.get("format") != FORMAT or "parameters" not in header:
            raise DamagedFileError(f"{path} describes no estimator", f"give one that has the format {FORMAT!r}")
        if header.get("class") != cls.__name__:
            raise InputError(f"{place} holds a {header.get('class')}", f"load it with {header.get('class')}.load")
        with _read_from(path, "parameters of this estimator"):
            found = cls(**header["parameters"])
            for kind in found._sections():
                found._section(kind)
        found.model_ = cls.Network.from_pretrained(place)
        fitted = read_json(place / "fitted.json")
        with _read_from(place / "fitted.json", "what was fitted beside the model"):
            found._refit(fitted)
        return found

    def _sections(self) -> list[type[BaseModel]]:
        return [self.Shape, self.Training, *([] if self.Data is None else [self.Data])]

    def _fitted(self) -> dict[str, Any]:
        """What fitting found beside the model, as JSON."""
        return {}

    def _refit(self, fitted: Mapping[str, Any]) -> None:
        """Take back what ``_fitted`` gave."""


@contextlib.contextmanager
def _read_from(path: Path, wanted: str) -> Iterator[None]:
    """Say which file does not hold what it should."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, InputError) as error:
        raise DamagedFileError(f"{path} does not hold {wanted} ({error})", "restore it or make it again") from error


class _Lines(Callback):
    """Prints a line for each validation."""

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Print it."""
        figures = {name: value for name, value in row.items() if name not in ("kind", "wall_seconds")}
        print("  ".join(f"{name} {value:.4g}" for name, value in figures.items()), flush=True)


def _constructor(settings: Mapping[str, FieldInfo]) -> Any:
    def __init__(self: Any, *, verbose: bool = False, **values: Any) -> None:  # noqa: N807
        for name in values:
            if name not in settings:
                raise TypeError(f"there is no parameter {name!r}: {did_you_mean(name, settings)}")
        self.verbose = verbose
        for name, field in settings.items():
            setattr(self, name, values[name] if name in values else default_of(field))

    kind = inspect.Parameter.KEYWORD_ONLY
    own = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    own += [inspect.Parameter(name, kind, default=default_of(field)) for name, field in sorted(settings.items())]
    own.append(inspect.Parameter("verbose", kind, default=False))
    __init__.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
    return __init__


def default_of(field: FieldInfo) -> Any:
    """A setting's default, a fresh one where it can be changed in place."""
    return field.get_default(call_default_factory=True)


def checked_sequences(X: Any) -> list[Any]:
    """Sequences as texts, or as arrays (steps, features) float64; an array of one dimension has one feature.

    Raises:
        ValueError: there are none, one is empty, or they are of different kinds.
    """
    sequences = list(X)
    if not sequences:
        raise ValueError("X has no sequence")
    if all(isinstance(one, str) for one in sequences):
        return [str(one) for one in sequences]
    if any(isinstance(one, str) for one in sequences):
        raise ValueError("X mixes texts and arrays: give one kind")
    arrays = [np.asarray(one, dtype=np.float64) for one in sequences]
    arrays = [one[:, None] if one.ndim == 1 else one for one in arrays]
    for number, one in enumerate(arrays):
        if one.ndim != 2 or not len(one):
            raise ValueError(
                f"X[{number}] has the shape {one.shape}, expected (steps, features) with at least one step"
            )
    return arrays


def seeded(training: TrainingConfig) -> None:
    """Draw the parameters of a model by the training's seed."""
    torch.manual_seed(training.seed)
