"""Runs the trials of a search by Optuna; each is kept, so that a search goes on as if it had never been stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gatework.errors import DamagedFileError, GateworkError, InputError
from gatework.studies.search.space import Space, Values

if TYPE_CHECKING:
    import optuna

JOURNAL = "journal.log"
STARTUP = 10
"""Trials that are drawn at random before any are proposed from them."""
UNPRUNED = 5
"""Trials that must be done before others are ended early."""
WARM = 2
"""Validations that each trial may make before it can be ended."""

SamplerName = Literal["tpe", "random"]
Judge = Callable[[float], None]
"""Told what is lowest for the best model after each validation; it ends a trial that does badly by an exception."""
Objective = Callable[[Values, Judge], tuple[float, dict[str, Any]]]
"""Makes a trial of values: what is lowest for the best model, and what else was measured, as JSON has it."""


class OutOfTimeError(Exception):
    """The time of the whole search is over; the trial under way does not count."""


@dataclass(frozen=True)
class Tried:
    """A trial.

    Attributes:
        number: from 1.
        values: what was tried.
        rank: what is lowest for the best one; the last known one of a trial that ended early; NaN where none is.
        state: whether it was ``"done"``, ended early (``"pruned"``) or ``"failed"``.
        seconds: wall time.
        measured: what else was measured.
        error: why it failed.
        drawn: the values before they were rounded.
        course: the rank after each validation.
    """

    number: int
    values: Values
    rank: float
    state: Literal["done", "pruned", "failed"]
    seconds: float
    measured: dict[str, Any]
    error: str
    drawn: Values = field(repr=False)
    course: list[float] = field(repr=False)

    def said(self) -> str:
        """Its values as one reads them."""
        return ", ".join(f"{name} {value}" for name, value in self.values.items())


def check_installed() -> None:
    """Check that a search can be run.

    Raises:
        InputError: Optuna, or scikit-learn for the importances, is not installed.
    """
    try:
        import optuna  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        missing = {"sklearn": "scikit-learn", "optuna": "Optuna"}.get(error.name or "", error.name)
        raise InputError(f"{missing} is not installed", "pip install 'gatework[studies]'") from error


class Search:
    """Trials over a space, lowest rank being best.

    One process at a time may search in a folder. The values of a trial depend on the seed and on the trials that ended
    before it, so that one that was stopped is made again with the same values.

    Args:
        space: what may be chosen.
        folder: where its journal is kept; in memory only where it is None.
        seed: of the proposals.
        sampler: ``"tpe"``, the tree-structured Parzen estimator (Bergstra et al. 2011), or ``"random"``.
        prune: whether a trial is ended once it is worse than the median of those before it at the same validation.

    Raises:
        InputError: Optuna is not installed.
        DamagedFileError: the journal cannot be read.
    """

    def __init__(
        self,
        space: Space,
        *,
        folder: Path | None = None,
        seed: int = 1,
        sampler: SamplerName = "tpe",
        prune: bool = True,
    ) -> None:
        check_installed()
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.space = space
        self.seed = seed
        self.sampler = sampler
        pruner = optuna.pruners.MedianPruner(UNPRUNED, WARM) if prune else optuna.pruners.NopPruner()
        self._study = optuna.create_study(
            storage=None if folder is None else _storage(folder / JOURNAL),
            study_name="gatework",
            load_if_exists=True,
            pruner=pruner,
        )
        for trial in self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # of a process that was killed

    def tried(self) -> list[Tried]:
        """All trials that ended, in the order in which they were made; those that were stopped do not count."""
        from optuna.trial import TrialState

        ended = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        return [self._tried(number, trial) for number, trial in enumerate(ended, 1)]

    def _tried(self, number: int, trial: optuna.trial.FrozenTrial) -> Tried:
        about = trial.user_attrs
        done = "done" if trial.state.name == "COMPLETE" else "pruned"
        return Tried(
            number,
            self.space.values(trial.params),
            math.nan if trial.value is None else float(trial.value),
            "failed" if about.get("error") else done,  # type: ignore[arg-type]
            float(about.get("seconds", 0.0)),
            dict(about.get("measured", {})),
            str(about.get("error", "")),
            dict(trial.params),
            [float(value) for _, value in sorted(trial.intermediate_values.items())],
        )

    def seconds(self) -> float:
        """Wall time of all trials, the stopped ones too."""
        trials = self._study.get_trials(deepcopy=False)
        return math.fsum(float(trial.user_attrs.get("seconds", 0.0)) for trial in trials)

    def best(self) -> Tried | None:
        """The best of those that were done."""
        return min((one for one in self.tried() if one.state == "done"), key=lambda one: one.rank, default=None)

    def propose(self) -> optuna.Trial:
        """A trial that is to be made, and ended by ``make``."""
        import numpy as np
        from optuna import samplers

        seed = int(np.random.SeedSequence([self.seed, len(self.tried())]).generate_state(1)[0])
        kinds = {
            "tpe": lambda: samplers.TPESampler(n_startup_trials=STARTUP, seed=seed),
            "random": lambda: samplers.RandomSampler(seed=seed),
        }
        self._study.sampler = kinds[self.sampler]()
        return self._study.ask({one.name: one.distribution() for one in self.space})

    def _twin(self, values: Values) -> Tried | None:
        """The first trial that was done with these values."""
        return next((one for one in self.tried() if one.state == "done" and one.values == values), None)

    def make(self, trial: optuna.Trial, objective: Objective) -> Tried | None:
        """Make a proposed trial; None where the time was over before it ended.

        What a user could put right, such as a loss that became infinite, makes it a failed one; any other exception
        is passed on, and the trial will be made again. Values that a trial was done with before, as whole numbers and
        choices often come again, are not trained anew: what was measured then counts, ``same_as`` names that trial.
        """
        from optuna import TrialPruned
        from optuna.trial import TrialState

        steps = 0

        def judge(rank: float) -> None:
            nonlocal steps
            steps += 1
            trial.report(rank, steps)
            if trial.should_prune():
                raise TrialPruned

        values = self.space.values(trial.params)
        twin = self._twin(values)
        start = time.perf_counter()
        state, rank = TrialState.FAIL, None
        try:
            if twin is None:
                rank, measured = objective(values, judge)
            else:
                rank, measured = twin.rank, {"same_as": twin.number, **twin.measured}
            trial.set_user_attr("measured", measured)
            state = TrialState.COMPLETE
        except TrialPruned:
            state = TrialState.PRUNED
        except OutOfTimeError:
            return None
        except GateworkError as error:  # told as pruned: the sampler learns from it, as it would not from a failed one
            trial.set_user_attr("error", error.cause)
            state = TrialState.PRUNED
        finally:
            trial.set_user_attr("seconds", time.perf_counter() - start)
            self._study.tell(trial, rank if state is TrialState.COMPLETE else None, state)
        return self.tried()[-1]


def _storage(path: Path) -> Any:
    """Optuna's journal in a file; a last line that a killed process left unfinished is taken away."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    from gatework.storage import storage_errors

    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock")  # only a process that was killed leaves it: the folder is locked
        lock.unlink(missing_ok=True)
        if path.exists():
            whole = path.read_bytes()
            if not whole.endswith(b"\n") and whole:
                with path.open("r+b") as file:
                    file.truncate(whole.rfind(b"\n") + 1)
        try:
            return JournalStorage(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path))))
        except (ValueError, KeyError) as error:
            raise DamagedFileError(f"{path} is damaged ({error})", "restore it, or begin in another folder") from error
