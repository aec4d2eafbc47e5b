"""Everything that a training needs, in one object: what config.json of a run holds."""

from __future__ import annotations

import functools
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator
from pydantic_core import ErrorDetails

from gatework.errors import InputError, did_you_mean
from gatework.settings.data import DataConfig
from gatework.settings.generation import GenerationConfig
from gatework.settings.task import PredictionConfig
from gatework.settings.tasks import task_settings
from gatework.settings.training import TrainingConfig


class RunConfig(BaseModel):
    """Task, data, model and training; ``run_config`` makes the one of a task."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    task: str
    data: DataConfig
    model: BaseModel
    training: TrainingConfig

    @model_validator(mode="after")
    def _validation_where_needed(self) -> Self:
        asked = bool(self.training.patience) and "patience" in self.training.model_fields_set
        needing = "--patience" if asked else "--schedule plateau"
        if not self.data.has_validation and (asked or self.training.schedule == "plateau"):
            raise ValueError(f"{needing} needs validation data: --validation above 0")
        return self


@functools.cache
def run_config(task: str) -> type[RunConfig]:
    """The class of a task's runs.

    Raises:
        InputError: there is no such task.
    """
    settings = task_settings(task)
    sections: dict[str, Any] = {
        name: (section, Field(default_factory=section)) for name, section in settings.sections.items()
    }
    return create_model(f"{task.title()}Run", __base__=RunConfig, task=(str, task), **sections)


Settings = TypeVar("Settings", bound=BaseModel)


def checked_config(values: Any, origin: str = "") -> RunConfig:
    """Make a configuration from nested dictionaries; arguments and errors as ``checked``."""
    task = values.get("task", "language") if isinstance(values, dict) else "language"
    return checked(run_config(str(task)), values, origin)


def checked(kind: type[Settings], values: Any, origin: str = "") -> Settings:
    """Make settings of a kind from a dictionary.

    Args:
        kind: a run's class, or one of its sections.
        values: field -> value.
        origin: the file that they come from; without one, errors name command-line options.

    Raises:
        InputError: a key does not exist (with the nearest that does), or a value is out of range.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "extra_forbidden":
            *section, name = map(str, first["loc"])
            fields = (_section(kind, section[0]) if section else kind).model_fields
            where = f"{origin}: " if origin else ""
            place = ".".join([*section, name])
            raise InputError(f"{where}there is no setting {place!r}", did_you_mean(name, fields)) from error
        remedy = f"`gatework {_command(kind)} --help` tells what each setting may be"
        raise InputError(_cause(first, origin, kind), remedy) from error


def _command(kind: type[BaseModel]) -> str:
    """The command that takes these settings."""
    if issubclass(kind, PredictionConfig):
        return "predict"
    return "generate" if issubclass(kind, GenerationConfig) else "train"


def _section(kind: type[BaseModel], name: str) -> type[BaseModel]:
    annotation = kind.model_fields[name].annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else kind


def _cause(first: ErrorDetails, origin: str, kind: type[BaseModel]) -> str:
    place = [str(part) for part in first["loc"]]
    whole = issubclass(kind, RunConfig)
    sections = set(RunConfig.model_fields) if whole else set()
    is_field = bool(place) and place[-1] not in sections
    if origin:
        where = f"{origin}: {'.'.join(place)}: "
    elif is_field:
        name = " ".join(place[1:] if place[0] in sections else place)  # and the key, where the field is a mapping
        options = whole or _command(kind) != "train"  # sections of a run are also checked for Python's callers
        where = f"--{name.replace('_', '-')}: " if options else f"{name}: "
    else:
        where = ""
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    given = first["input"]
    shown = "" if isinstance(given, (dict, BaseModel)) else f", not {given!r}"
    return f"{where}{message[0].lower()}{message[1:]}{shown}"
