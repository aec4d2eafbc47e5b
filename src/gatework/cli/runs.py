"""What a command means by RUN: a run folder, a name below runs/, `last`, or the folder of a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gatework.models import LanguageModel

RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run's folder, `last`, or the folder of a saved model.", show_default=False),
]


def load_model(run: str) -> LanguageModel:
    """The model of a run, or of a folder that ``save_pretrained`` wrote.

    Raises:
        InputError: there is none.
        DamagedFileError: it is damaged.
    """
    from gatework.errors import InputError
    from gatework.models import LanguageModel
    from gatework.training import RunFolder

    if (Path(run) / "model.safetensors").is_file():
        return LanguageModel.from_pretrained(run)
    folder = RunFolder.find(run)
    if not folder.model.is_dir():
        raise InputError(f"{folder.path} has no model yet", f"continue it with `gatework train --resume {folder.path}`")
    return LanguageModel.from_pretrained(folder.model)
