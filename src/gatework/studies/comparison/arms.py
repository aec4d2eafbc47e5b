"""What is compared: arms, each some changes of one configuration; those of cells have equal numbers of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from gatework.errors import InputError
from gatework.models import Model
from gatework.settings import RecurrentConfig, RunConfig, checked_config
from gatework.studies.comparison.own_cells import CellFile, named_cell
from gatework.studies.sizes import equal_size, parameter_count
from gatework.tasks import find_task


@dataclass(frozen=True)
class Arm:
    """One of the things that are compared.

    Attributes:
        name: in tables and pictures.
        model: settings of the model that it changes.
        training: settings of the training that it changes.
        rates: learning rates of which the best on the validation part is taken, rising; the configured one if empty.
        file: that defines its cell, where that is the user's own.
    """

    name: str
    model: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    rates: tuple[float, ...] = ()
    file: CellFile | None = None

    def settings(self) -> dict[str, Any]:
        """What it changes, flat, and which text of its own file it means."""
        file = {} if self.file is None else {"cell_file": self.file.digest}
        return {**self.model, **self.training, **file}

    def load(self) -> None:
        """See that this process knows its cell."""
        if self.file is not None:
            self.file.load()


def changed(config: RunConfig, model: dict[str, Any], training: dict[str, Any]) -> RunConfig:
    """A configuration with some settings of its model and its training replaced.

    Raises:
        InputError: they do not fit together.
    """
    given = config.model_dump(mode="json", exclude_unset=True)
    for section, changes in (("model", model), ("training", training)):
        given[section] = {**given.get(section, {}), **changes}
    return checked_config(given)


def named_cells(words: Sequence[str]) -> dict[str, CellFile | None]:
    """The names of cells as configurations have them, each with the file that it is in if it is the user's own.

    Args:
        words: see ``named_cell``.

    Raises:
        InputError: there is no such cell, one is named twice, or fewer than two are.
    """
    found: dict[str, CellFile | None] = {}
    for word in words:
        name, file = named_cell(word)
        if name in found:
            raise InputError(f"{name} is named twice", "name each cell once")
        found[name] = file
    if len(found) < 2:
        named = f"only {next(iter(found))} is named" if found else "no cell is named"
        raise InputError(f"{named}: nothing can be compared", "name two cells or more, as lstm gru")
    return found


def cell_arms(
    config: RunConfig, cells: Mapping[str, CellFile | None], data: Any, rates: tuple[float, ...] = ()
) -> list[Arm]:
    """An arm for each cell: the first as wide as configured, the others of as many parameters in the whole model.

    Args:
        config: its own cell does not matter.
        cells: by name, see ``named_cells``.
        data: what the models are made for.
        rates: see ``Arm``.

    Raises:
        InputError: the task's models cannot have one of them.
    """
    first, *others = cells
    model = config.model
    assert isinstance(model, RecurrentConfig)
    sizes = {first: model.hidden_size}
    parameters = parameter_count(_model(config, first, model.hidden_size, data))
    for cell in others:
        _model(config, cell, model.hidden_size, data)
        sizes[cell] = fitted_size(config, cell, parameters, data)
    return [
        Arm(cell, {"cell": cell, "hidden_size": size}, rates=rates, file=cells[cell]) for cell, size in sizes.items()
    ]


def fitted_size(config: RunConfig, cell: str, parameters: int, data: Any) -> int:
    """The hidden size at which the configured model with another cell comes nearest to so many parameters.

    Raises:
        InputError: the model cannot have this cell at every size.
    """
    try:
        return equal_size(lambda size: _model(config, cell, size, data), parameters)
    except InputError as error:
        raise InputError(error.cause, "leave out what allows few hidden sizes only, such as --tied") from error


def _model(config: RunConfig, cell: str, size: int, data: Any) -> Model[Any, Any]:
    """The model with a cell, without memory for its numbers."""
    task = find_task(config.task)
    try:
        with torch.device("meta"):
            model: Model[Any, Any] = task.build(
                task.settled(changed(config, {"cell": cell, "hidden_size": size}, {}), data).model, data
            )
    except InputError as error:
        raise InputError(f"{cell} cannot be compared: {error.cause}", error.remedy) from error
    return model
