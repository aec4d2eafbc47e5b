"""Everything that a training needs, in one object: what config.json of a run holds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from gatework.errors import InputError, did_you_mean
from gatework.settings.corpus import CorpusConfig
from gatework.settings.model import LanguageModelConfig
from gatework.settings.training import TrainingConfig


class RunConfig(BaseModel):
    """Data, model and training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: CorpusConfig = CorpusConfig()
    model: LanguageModelConfig = LanguageModelConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _validation_where_needed(self) -> RunConfig:
        needing = "--patience" if self.training.patience else "--schedule plateau"
        if not self.data.validation and (self.training.patience or self.training.schedule == "plateau"):
            raise ValueError(f"{needing} needs a validation text: --validation above 0")
        return self


SECTIONS: dict[str, type[BaseModel]] = {
    "data": CorpusConfig,
    "model": LanguageModelConfig,
    "training": TrainingConfig,
}


def checked_config(values: Any, origin: str = "") -> RunConfig:
    """Make a configuration from nested dictionaries.

    Args:
        values: section -> field -> value.
        origin: the file that they come from; without one, errors name command-line options.

    Raises:
        InputError: a key does not exist (with the nearest that does), or a value is out of range.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise InputError(_cause(error, origin), _remedy(error)) from error


def _cause(error: ValidationError, origin: str) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"{origin}: there is no setting {place!r}"
    option = "--" + str(first["loc"][-1]).replace("_", "-") if len(first["loc"]) > 1 else ""
    where = f"{origin}: {place}: " if origin else f"{option}: " if option else ""
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    given = first["input"]
    shown = "" if isinstance(given, dict) else f", not {given!r}"
    return f"{where}{message[0].lower()}{message[1:]}{shown}"


def _remedy(error: ValidationError) -> str:
    first = error.errors()[0]
    if first["type"] != "extra_forbidden":
        return "`gatework train --help` tells what each setting may be"
    *section, name = map(str, first["loc"])
    model: type[BaseModel] = SECTIONS[section[0]] if section else RunConfig
    return did_you_mean(name, model.model_fields)
