"""Arms of one configuration, each trained with several seeds and judged on the same held-out part."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from gatework.data import Corpus
from gatework.errors import InputError
from gatework.settings import RunConfig, checked_config
from gatework.studies.comparison.arms import Arm, changed
from gatework.studies.comparison.rates import chosen_rate, wanted_rates
from gatework.studies.comparison.report import tell
from gatework.studies.comparison.speeds import TimedTraining, side_by_side
from gatework.studies.comparison.summary import LOSS, ArmSummary, summarised
from gatework.studies.comparison.training import train_and_measure
from gatework.studies.folder import StudyFolder
from gatework.studies.report import Report
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trial, Trials
from gatework.tasks import find_task

STAGE, SPEED, RATE, COUNTED = "stage", "speed", "rate", "counted"
UNCOUNTED = 1000
"""How far the seed at which rates are tried lies from the counted ones."""
HELD_OUT = 0.1


class Comparison(Study):
    """Trainings of several arms.

    Args:
        kind: what the arms are: "cell"; the setting of a trial that names its arm.
        config: what all have in common; its seed is the first.
        arms: the first is what the others are compared with.
        data: of the configuration; read again in other processes.
        seeds: trainings of each arm, unless the scope says otherwise.
        most_rates: a grid of learning rates goes on beyond an end that was best, up to so many rates.
        words: the command that the report shows.

    Attributes:
        part: which part judges: "test" where there is one.
        figure: by which arms are compared first: that which chooses the best model, else the loss.
        highest: whether a higher figure is better.
        unit: what the loss is the mean over.

    Raises:
        InputError: there is neither a test nor a validation part, or no validation part to choose rates by.
    """

    name = "compare"
    sources = ()

    def __init__(
        self,
        kind: str,
        config: RunConfig,
        arms: Sequence[Arm],
        data: Any,
        *,
        seeds: int = 3,
        most_rates: int = 0,
        words: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.arms = {arm.name: arm for arm in arms}
        self.seeds = seeds
        self.most_rates = most_rates
        self.words = list(words)
        self.given = config.model_dump(mode="json", exclude_unset=True)
        self.first_seed = config.training.seed
        self.fingerprint: str = data.fingerprint
        self._data: Any = data
        self.title = f"{', '.join(self.arms)} on {data.name}"
        self.question = f"Which {kind} does best here, how fast is each, and how sure is that?"
        self.part = _judging_part(data)
        if any(arm.rates for arm in arms) and not _size(data, "validation"):
            raise InputError("there is nothing to choose learning rates by", "give validation data: --validation 0.1")
        self._learn_of_the_model(config, data)

    def _learn_of_the_model(self, config: RunConfig, data: Any) -> None:
        task = find_task(config.task)
        arm = next(iter(self.arms.values()))
        with torch.device("meta"):
            model = task.build(task.settled(changed(config, arm.model, arm.training), data).model, data)
        self.figure = model.goal or LOSS
        self.highest = bool(model.goal)
        self.unit = task.units(model)[0]

    def __getstate__(self) -> dict[str, Any]:
        """Without the data: another process reads them itself."""
        return {**vars(self), "_data": None}

    @property
    def config(self) -> RunConfig:
        """What all arms have in common."""
        return checked_config(self.given)

    @property
    def data(self) -> Any:
        """What is learnt from.

        Raises:
            InputError: it is no longer what it was when the comparison began.
        """
        if self._data is None:
            config = self.config
            self._data = _read(config.task, config.data.model_dump_json(exclude_unset=True), self.fingerprint)
        return self._data

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Speeds; the rates of each arm at a seed that does not count; every arm at its own rate, seed by seed."""
        planned = [self._speed_settings()]
        if not any(trial.settings == planned[0] for trial in done):
            return planned  # nothing else is at work while speeds are measured
        ready: list[tuple[Arm, float | None]] = []
        for arm in self.arms.values():
            tried = done.where(**{self.kind: arm.name, STAGE: RATE})
            rates = wanted_rates(arm.rates, tried, self.most_rates)
            planned += [self._settings(arm, rate, self.first_seed + UNCOUNTED, RATE) for rate in rates]
            rate = chosen_rate(rates, tried) if rates else None
            if rate is not None or not rates:
                ready.append((arm, rate))
        seeds = range(self.first_seed, self.first_seed + (scope.seeds or self.seeds))
        return planned + [self._settings(arm, rate, seed, COUNTED) for seed in seeds for arm, rate in ready]

    def _settings(self, arm: Arm, rate: float | None, seed: int, stage: str) -> Settings:
        """What a trial depends on, flat; names of settings differ from section to section."""
        own = {**arm.settings(), **({} if rate is None else {"learning_rate": rate})}
        common = {name: value for name, value in self._common().items() if name not in own}
        return {self.kind: arm.name, **own, **common, "seed": seed, STAGE: stage}

    def _common(self) -> Settings:
        """What all trials depend on."""
        given = {**self.given.get("data", {}), **self.given.get("model", {}), **self.given.get("training", {})}
        known = {name: value for name, value in given.items() if name != "sources" and value is not None}
        return {**known, "data": self.fingerprint[:16]}

    def _speed_settings(self) -> Settings:
        arms = {arm.name: arm.settings() for arm in self.arms.values()}
        return {self.kind: "all", STAGE: SPEED, "arms": arms, **self._common()}

    def _arm_config(self, arm: Arm, **training: Any) -> RunConfig:
        arm.load()
        return changed(self.config, arm.model, {**arm.training, **training})

    def measure(self, settings: Settings) -> Measured:
        """Train one arm, or measure the speeds of all."""
        if settings[STAGE] == SPEED:
            return {"speeds": side_by_side({arm.name: self._arm_config(arm) for arm in self.arms.values()}, self.data)}
        arm = self.arms[settings[self.kind]]
        rate = {"learning_rate": settings["learning_rate"]} if arm.rates else {}
        return train_and_measure(self._arm_config(arm, **rate, seed=settings["seed"]), self.data, self.part)

    def about(self) -> dict[str, Any]:
        """All that its trainings have in common, as JSON has it, with paths that mean the same from everywhere."""
        config = self.config
        anchored = config.model_copy(update={"data": config.data.anchored()})
        return {**anchored.model_dump(mode="json", exclude_unset=True), "fingerprint": self.fingerprint}

    def missing(self, scope: Scope, folder: StudyFolder) -> dict[str, int]:
        """How many trainings of each arm a folder lacks, as far as that is known."""
        speeds = Trial(self._speed_settings(), {}, 0.0)  # they may have been measured without a cell that is new
        found = Trials([speeds])
        for _ in (RATE, COUNTED):
            kept = [trial for trial in map(folder.find, self.plan(scope, found)[1:]) if trial is not None]
            found = Trials([speeds, *kept])
        return {
            arm.name: len(arm.rates) + (scope.seeds or self.seeds) - len(found.where(**{self.kind: arm.name}))
            for arm in self.arms.values()
        }

    def expected_seconds(self, trainings: Mapping[str, int]) -> float:
        """About how long so many trainings of each arm take one after the other, from a few updates.

        Raises:
            InputError: a cell of the user's own cannot be trained.
        """
        seconds = 0.0
        for name, count in trainings.items():
            if not count:
                continue
            arm = self.arms[name]
            try:
                each = TimedTraining(self._arm_config(arm), self.data).expected_seconds()
            except (TypeError, ValueError, RuntimeError) as error:
                if arm.file is None:
                    raise
                cause = f"{name} of {arm.file.path} cannot be trained: {error}"
                raise InputError(cause, "check it with gatework.testing.check_cell") from error
            seconds += count * each
        return seconds

    def command(self, scope: Scope) -> list[str]:
        """What the user typed, or may type."""
        return self.words

    def said(self, trial: Trial) -> str:
        """Its arm, seed and loss."""
        settings = trial.settings
        if settings[STAGE] == SPEED:
            return f"speeds: {trial.error or f'{trial.seconds:.1f} s'}"
        rate = f" at {settings['learning_rate']:g}" if settings[STAGE] == RATE else ""
        found = trial.error or f"{self.part} loss {trial[LOSS]:.4f}, {trial.seconds:.1f} s"
        return f"{settings[self.kind]}{rate}, seed {settings['seed']}: {found}"

    def check(self) -> None:
        """See that intervals can be computed.

        Raises:
            InputError: SciPy is not installed.
        """
        try:
            import scipy  # noqa: F401
        except ImportError as error:
            raise InputError("SciPy is not installed", "pip install 'gatework[studies]'") from error

    def summary(self, trials: Trials) -> list[ArmSummary]:
        """What was found of each arm."""
        measured = trials.where(**{STAGE: SPEED}).good
        speeds = measured[0]["speeds"] if measured else {}
        return summarised(self.kind, list(self.arms), trials.where(**{STAGE: COUNTED}), speeds, self.figure)

    def record(self, trials: Trials) -> dict[str, Any]:
        """The same as JSON has it."""
        about = {"task": self.given["task"], "data": self.data.name, "part": self.part, "figure": self.figure}
        arms = [{self.kind: arm.name, **arm.record()} for arm in self.summary(trials)]
        return {**about, "highest": self.highest, "unit": self.unit, "seeds": self.seeds, f"{self.kind}s": arms}

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Figures and differences, what they mean, courses, samples."""
        tell(self, trials, report)


def with_test_part(config: RunConfig) -> RunConfig:
    """A configuration that holds out a tenth for a test where it does not say how much: who judges must not choose."""
    data = config.data
    if data.test or "test" in data.model_fields_set or getattr(data, "test_data", None):
        return config
    given = config.model_dump(mode="json", exclude_unset=True)
    given["data"] = {**given.get("data", {}), "test": HELD_OUT}
    return checked_config(given)


def _judging_part(data: Any) -> str:
    for part in ("test", "validation"):
        if _size(data, part):
            return part
    raise InputError("there is nothing to judge by", "give test data: --test 0.1")


def _size(data: Any, part: str) -> int:
    """How much can be predicted: of a text the first symbol cannot."""
    return len(getattr(data, part)) - (1 if isinstance(data, Corpus) else 0) if len(getattr(data, part)) else 0


@functools.lru_cache(maxsize=1)
def _read(task: str, section: str, fingerprint: str) -> Any:
    """Data in a process that makes several trials of them."""
    import json

    config = checked_config({"task": task, "data": json.loads(section)})
    data = find_task(task).load(config.data)
    if data.fingerprint != fingerprint:
        raise InputError(f"{data.name} has changed since the comparison began", "begin anew in another folder")
    return data
