"""From a command line to a trainer: what training and looking for a learning rate have in common."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatework.cli.options import check_given
from gatework.errors import InputError, did_you_mean
from gatework.settings import TASKS, RunConfig, checked_config

if TYPE_CHECKING:
    from gatework.tasks import Task
    from gatework.training import RunFolder, Trainer

SECTIONS = {name: settings.sections for name, settings in TASKS.items()}
PURPOSES = "; ".join(f"{name}: {settings.purpose}" for name, settings in TASKS.items())
LIMITS = frozenset(("epochs", "minutes", "steps"))
"""Settings that end a training; one given at a resume replaces all of them."""


def merged_config(
    config: Path | None, settings: dict[str, dict[str, Any]], data: list[str] | None, task: str | None
) -> RunConfig:
    """The settings of a file, those on the command line over them."""
    from gatework.storage import read_json

    if config is not None and config.is_dir():
        config = config / "config.json"
    base = {} if config is None else read_json(config)
    origin = "" if config is None else str(config)
    if not isinstance(base, dict) or not all(isinstance(base[name], dict) for name in base if name != "task"):
        raise InputError(f"{origin} is not a configuration", "take the config.json of a run as a pattern")
    base["task"] = task or base.get("task") or _guessed(data)
    _check_given(settings, base["task"])
    merged = with_given(base, settings)
    if data:
        merged["data"] = {**merged.get("data", {}), "sources": data}
    return checked_config(merged, origin)


def _guessed(data: list[str] | None) -> str:
    """The task that the data are for."""
    from gatework.cli.console import print_note
    from gatework.tasks import guess_task

    task = guess_task(data or [])
    if task != "language":
        print_note(f"the task is {task}, by the looks of the data; --task says another")
    return task


def _check_given(settings: dict[str, dict[str, Any]], task: str) -> None:
    if task not in TASKS:
        raise InputError(f"there is no task {task!r}", did_you_mean(task, TASKS))
    check_given(settings, SECTIONS, task)


def with_given(saved: dict[str, Any], settings: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Saved settings, those on the command line over them; a limit given there replaces all saved limits."""
    given = settings.get("training", {})
    limits = {"training": dict.fromkeys(LIMITS) if LIMITS & given.keys() else {}}
    return {
        **saved,
        **{name: {**saved.get(name, {}), **limits.get(name, {}), **settings[name]} for name in settings},
    }


def new_trainer(task: Task[Any, Any], config: RunConfig, folder: RunFolder | None = None) -> tuple[RunConfig, Trainer]:
    """Read the data, settle what they decide, make the model, and check all that can be before anything is written."""
    from gatework.tasks.building import trainer_of

    return trainer_of(task, config, read_data(task, config, None if folder is None else folder.data), folder)


def read_data(task: Task[Any, Any], config: RunConfig, keep: Path | None = None) -> Any:
    """The data of a configuration; ``keep`` is where standard input is kept."""
    from gatework.cli.progress import loading

    with loading(f"reading the {task.data_word}") as progress:
        return task.load(config.data, progress=progress, keep=keep)


def source_name(config: RunConfig) -> str:
    """What a folder for results from these data is called: letters, digits and dashes, 30 at the most."""
    default = "python-reference" if config.task == "language" else config.task
    source = Path(config.data.sources[0]).stem if config.data.sources else default
    return (re.sub(r"[^A-Za-z0-9]+", "-", source).strip("-").lower() or "text")[:30]
