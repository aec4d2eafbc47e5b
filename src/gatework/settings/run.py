"""Everything that a training needs, in one object: what config.json of a run holds."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from gatework.errors import InputError, did_you_mean
from gatework.settings.corpus import CorpusConfig
from gatework.settings.model import LanguageModelConfig
from gatework.settings.training import TrainingConfig


class RunConfig(BaseModel):
    """Data, model and training."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    data: CorpusConfig = CorpusConfig()
    model: LanguageModelConfig = LanguageModelConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _validation_where_needed(self) -> RunConfig:
        needing = "--patience" if self.training.patience else "--schedule plateau"
        if not self.data.validation and (self.training.patience or self.training.schedule == "plateau"):
            raise ValueError(f"{needing} needs a validation text: --validation above 0")
        return self


Settings = TypeVar("Settings", bound=BaseModel)

SECTIONS: dict[str, type[BaseModel]] = {
    "data": CorpusConfig,
    "model": LanguageModelConfig,
    "training": TrainingConfig,
}


def checked_config(values: Any, origin: str = "") -> RunConfig:
    """Make a configuration from nested dictionaries; arguments and errors as ``checked``."""
    return checked(RunConfig, values, origin)


def checked(kind: type[Settings], values: Any, origin: str = "") -> Settings:
    """Make settings of a kind from a dictionary.

    Args:
        kind: ``RunConfig`` or one of its sections.
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
            fields = (SECTIONS[section[0]] if section else kind).model_fields
            where = f"{origin}: " if origin else ""
            place = ".".join([*section, name])
            raise InputError(f"{where}there is no setting {place!r}", did_you_mean(name, fields)) from error
        remedy = "`gatework train --help` tells what each setting may be"
        raise InputError(_cause(first, origin, kind), remedy) from error


def _cause(first: ErrorDetails, origin: str, kind: type[BaseModel]) -> str:
    place = [str(part) for part in first["loc"]]
    is_field = bool(place) and place[-1] not in SECTIONS
    if origin:
        where = f"{origin}: {'.'.join(place)}: "
    elif is_field:
        name = " ".join(place[1:] if place[0] in SECTIONS else place)  # and the key, where the field is a mapping
        where = f"--{name.replace('_', '-')}: " if kind is RunConfig else f"{name}: "
    else:
        where = ""
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    given = first["input"]
    shown = "" if isinstance(given, dict) else f", not {given!r}"
    return f"{where}{message[0].lower()}{message[1:]}{shown}"
