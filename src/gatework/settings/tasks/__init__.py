"""The settings of each task, one task a file; found here by the name of the file."""

from __future__ import annotations

import importlib
import pkgutil

from gatework.errors import InputError, did_you_mean
from gatework.settings.task import TaskSettings


def _found() -> dict[str, TaskSettings]:
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    settings = [importlib.import_module(f"{__name__}.{name}").SETTINGS for name in names]
    return {one.name: one for one in settings}


TASKS = _found()
"""Name -> settings, by name."""


def task_settings(name: str) -> TaskSettings:
    """The settings of a task.

    Raises:
        InputError: there is no such task.
    """
    if name not in TASKS:
        raise InputError(f"there is no task {name!r}", did_you_mean(name, TASKS))
    return TASKS[name]
