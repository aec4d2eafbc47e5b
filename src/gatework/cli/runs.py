"""What a command means by RUN: a run folder, a name below runs/, `last`, or the folder of a saved model."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gatework.models import LanguageModel

RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run's folder, `last`, or the folder of a saved model.", show_default=False),
]


DeviceOption = Annotated[str, typer.Option(help="Where to compute: auto, cpu, cuda, cuda:1 ...")]


def is_saved_model(run: str) -> bool:
    """Whether it is the folder of a saved model and not of a run."""
    return (Path(run) / "model.safetensors").is_file()


def load_model(run: str, device: str = "cpu") -> LanguageModel:
    """The model of a run, or of a folder that ``save_pretrained`` wrote.

    Raises:
        InputError: there is none.
        DamagedFileError: it is damaged.
    """
    from gatework.cli.console import program
    from gatework.errors import InputError
    from gatework.models import LanguageModel
    from gatework.training import RunFolder, find_device

    place = find_device(device)
    if is_saved_model(run):
        return LanguageModel.from_pretrained(run).to(place)
    folder = RunFolder.find(run)
    if not folder.model.is_dir():
        again = f"`{program()} train --resume {shlex.quote(str(folder.path))}`"
        raise InputError(f"{folder.path} has no model yet", f"continue it with {again}")
    return LanguageModel.from_pretrained(folder.model).to(place)
