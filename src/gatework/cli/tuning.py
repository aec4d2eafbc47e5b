"""The trials of `gatework tune`: data read once, a training without a folder for each choice of settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gatework.errors import InputError
from gatework.settings import RunConfig, checked_config
from gatework.studies.search import Judge, Space
from gatework.studies.search.search import OutOfTimeError
from gatework.studies.search.space import Values
from gatework.tasks.building import trainer_of
from gatework.training import Callback, Trainer

if TYPE_CHECKING:
    from gatework.tasks import Task


class Tuning:
    """Trains a task's models with chosen settings.

    Args:
        task: whose.
        config: what all trials have in common.
        data: what they are trained on.
        space: what is chosen.
    """

    def __init__(self, task: Task[Any, Any], config: RunConfig, data: Any, space: Space) -> None:
        self.task = task
        self.data = data
        self.space = space
        self.given = config.model_dump(mode="json", exclude_unset=True)
        self.goal = ""

    def config(self, values: Values) -> RunConfig:
        """All settings of a trial.

        Raises:
            InputError: they do not fit together.
        """
        placed = self.space.placed(values)
        return checked_config({**self.given, **{name: {**self.given.get(name, {}), **placed[name]} for name in placed}})

    def check(self) -> None:
        """Check that the ends of the space are possible, so that no trial fails by what could be known before.

        Raises:
            InputError: one is not.
        """
        import torch

        for values in self.space.corners():
            try:
                config = self.task.settled(self.config(values), self.data)
                with torch.device("meta"):
                    self.goal = self.task.build(config.model, self.data).goal
            except InputError as error:
                said = ", ".join(f"{name} {value}" for name, value in values.items())
                raise InputError(f"{said} cannot be tried: {error.cause}", error.remedy) from error

    def train(
        self, values: Values, judge: Judge, deadline: float, progress: Callable[[int, int | None], None]
    ) -> tuple[float, dict[str, Any]]:
        """A trial: the rank of its best model, and what else was measured.

        Args:
            values: the chosen settings.
            judge: told the rank after each validation.
            deadline: when the whole search ends, by ``time.monotonic``.
            progress: told how far the training is, of 1000.

        Raises:
            InputError: the settings do not fit the data, or nothing was validated.
            DivergedError: the loss became infinite.
            OutOfTimeError: the deadline came first.
            Interrupted: Ctrl-C or SIGTERM came.
        """
        _, trainer = trainer_of(self.task, self.config(values), self.data)
        trainer.callbacks = [_Watch(judge, deadline, progress)]
        outcome = trainer.fit()
        if outcome.validation is None:
            raise InputError("nothing was validated", "give validation data: --validation above 0")
        measured = {
            "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
            "headline": self.task.headline(trainer.model, outcome.validation),
            "epochs": outcome.epochs,
            "updates": outcome.steps,
        }
        return outcome.validation.rank, measured


class _Watch(Callback):
    """Tells the search of each validation, and ends the training when the time of all is over."""

    def __init__(self, judge: Judge, deadline: float, progress: Callable[[int, int | None], None]) -> None:
        self._judge = judge
        self._deadline = deadline
        self._progress = progress

    def on_update(self, trainer: Trainer) -> None:
        """Look at the clock."""
        if time.monotonic() > self._deadline:
            raise OutOfTimeError
        self._progress(round(1000 * trainer.progress()), 1000)

    def on_validation(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Pass the validation on."""
        if row["kind"] == "validation":
            goal = trainer.model.goal
            self._judge(-row[goal] if goal else row["loss"])
