"""How fast trainings are, measured side by side in short turns and, on a CPU, by the time that one thread worked."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from typing import Any

import torch

from gatework.settings import RunConfig
from gatework.tasks import find_task
from gatework.tasks.building import trainer_of

TURNS = 9
UPDATES = 4
"""Updates of a turn; one where an update is slow."""
SLOW = 0.2
"""Seconds from which an update is slow."""


class TimedTraining:
    """Updates of a model that learns nothing, one after the other through the batches.

    Args:
        config: of the training.
        data: that it is for.

    Raises:
        InputError: they do not fit together.
        DivergedError: a loss is no finite number.
    """

    def __init__(self, config: RunConfig, data: Any) -> None:
        _, self.trainer = trainer_of(find_task(config.task), config, data)
        self.trainer.model.train()
        on_cpu = self.trainer.device.type == "cpu"
        self._clock = time.process_time if on_cpu else time.perf_counter  # other work must not slow one down
        self._index = 0
        self._state: Any = None
        self.update()  # builds the kernel

    def update(self) -> tuple[float, int]:
        """One update; its seconds, and how many units it learnt from."""
        objective = self.trainer.objective
        index = self._index % objective.batches(0)
        start = self._clock()
        _, self._state = self.trainer.updated(0, index, self._state if index else None, 0.0)
        seconds = self._clock() - start
        self._index += 1
        return seconds, objective.units(0, index)

    def units_of_an_update(self) -> float:
        """The mean over a pass."""
        objective = self.trainer.objective
        return statistics.fmean(objective.units(0, index) for index in range(objective.batches(0)))

    def expected_seconds(self) -> float:
        """About how long the whole training takes with one thread."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            seconds = statistics.median(self.update()[0] for _ in range(UPDATES))
        finally:
            torch.set_num_threads(threads)
        limits, share = self.trainer.limits, self.trainer.objective.validation_share
        ends = [] if limits.steps is None else [limits.steps * seconds * (1 + share / 3)]  # to read is cheaper
        return min(ends + ([] if limits.seconds is None else [limits.seconds]))


def side_by_side(configs: Mapping[str, RunConfig], data: Any) -> dict[str, dict[str, Any]]:
    """The speed of each training while it learns; of one thread, as trials have.

    Returns:
        By name ``turns``, units a second in each, ``speed``, their median, and ``update_seconds``, those of a mean
        update.

    Raises:
        InputError: a configuration does not fit the data.
        DivergedError: a loss is no finite number.
    """
    trainings = {name: TimedTraining(config, data) for name, config in configs.items()}
    slow = any(training.update()[0] > SLOW for training in trainings.values())
    speeds: dict[str, list[float]] = {name: [] for name in trainings}
    for _ in range(TURNS):
        for name, training in trainings.items():
            times, units = zip(*(training.update() for _ in range(1 if slow else UPDATES)), strict=True)
            speeds[name].append(sum(units) / sum(times))
    return {name: _speed(trainings[name], found) for name, found in speeds.items()}


def _speed(training: TimedTraining, turns: list[float]) -> dict[str, Any]:
    speed = statistics.median(turns)
    return {"turns": turns, "speed": speed, "update_seconds": training.units_of_an_update() / speed}
