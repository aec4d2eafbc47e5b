"""Tasks and trained models by name."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, cast

from gatework.models.model import Model
from gatework.models.pretrained import read_header
from gatework.settings import task_settings
from gatework.tasks.task import Task


def find_task(name: str) -> Task[Any, Any]:
    """The task of a name.

    Raises:
        InputError: there is none.
    """
    return cast("Task[Any, Any]", importlib.import_module(f"gatework.tasks.{task_settings(name).name}").TASK)


def load_model(folder: Path) -> Model[Any, Any]:
    """The model that ``save_pretrained`` wrote into a folder, whatever its task; in evaluation mode, on the CPU.

    Raises:
        InputError: a file is missing.
        DamagedFileError: a file does not hold what it should.
    """
    return find_task(str(read_header(folder).get("task"))).model.from_pretrained(folder)
