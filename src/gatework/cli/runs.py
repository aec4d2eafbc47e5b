"""What a command means by RUN: a run folder, a name below runs/, `last`, or the folder of a saved model."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gatework.models import LanguageModel, Model
    from gatework.tasks import Task
    from gatework.training import RunFolder

RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run's folder, `last`, or the folder of a saved model.", show_default=False),
]


DeviceOption = Annotated[str, typer.Option(help="Where to compute: auto, cpu, cuda, cuda:1 ...")]


def is_saved_model(run: str) -> bool:
    """Whether it is the folder of a saved model and not of a run."""
    return (Path(run) / "model.safetensors").is_file()


def load_model(run: str, device: str = "cpu") -> Model[Any, Any]:
    """The model of a run, or of a folder that ``save_pretrained`` wrote.

    Raises:
        InputError: there is none.
        DamagedFileError: it is damaged.
    """
    from gatework.cli.console import program
    from gatework.errors import InputError
    from gatework.tasks import load_model as load
    from gatework.training import RunFolder, find_device

    place = find_device(device)
    if is_saved_model(run):
        return load(Path(run)).to(place)
    folder = RunFolder.find(run)
    if not folder.model.is_dir():
        again = f"`{program()} train --resume {shlex.quote(str(folder.path))}`"
        raise InputError(f"{folder.path} has no model yet", f"continue it with {again}")
    return load(folder.model).to(place)


def load_language_model(run: str, device: str = "cpu") -> LanguageModel:
    """The same, where only a language model will do.

    Raises:
        InputError: it is a model for another task.
    """
    from gatework.errors import InputError
    from gatework.models import LanguageModel

    model = load_model(run, device)
    if not isinstance(model, LanguageModel):
        raise InputError(f"{run} is a model for the task {model.task}", "name a language model")
    return model


def own_data(folder: RunFolder) -> Any:
    """The data that a run was trained on, read again.

    Raises:
        InputError: they are gone, or have changed since.
    """
    from gatework.cli.progress import loading
    from gatework.errors import InputError
    from gatework.settings import checked_config
    from gatework.tasks import find_task
    from gatework.training import trained_fingerprint

    config = checked_config(folder.read_config(), str(folder.config))
    task = find_task(config.task)
    own = config.data.model_copy(update={"sources": folder.own_sources(config.data.sources)})
    with loading(f"reading the {task.data_word}") as progress:
        data = task.load(own, progress=progress)
    if trained_fingerprint(folder) not in (None, data.fingerprint):
        raise InputError(
            f"the data are not those that {folder.path} was trained on ({data.name} has changed since)",
            f"restore them, or give {'a text' if task.data_word == 'text' else 'others'}",
        )
    return data


def given_data(
    task: Task[Any, Any], model: Model[Any, Any], run: str, sources: list[str], asked: Mapping[str, Any]
) -> Any:
    """A user's data, read as the run's were or as asked for, with the model's codec; all are in the part ``train``.

    Raises:
        InputError: they cannot be read.
    """
    from gatework.settings import checked
    from gatework.training import RunFolder

    settings = {} if is_saved_model(run) else RunFolder.find(run).read_config().get("data", {})
    unsplit = {"validation": 0, "test": 0, "validation_data": [], "test_data": [], "max_length": None}
    known = task.settings.data.model_fields
    settings |= {name: value for name, value in unsplit.items() if name in known}
    settings |= {**task.reading(model), **asked, "sources": sources}
    return task.load(checked(task.settings.data, settings), codec=model.codec)
