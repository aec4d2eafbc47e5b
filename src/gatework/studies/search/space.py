"""What a search may choose: ranges and lists of values of settings, the usual ones and those that a user names."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gatework.errors import InputError, did_you_mean

SECTIONS = ("model", "training")
"""The settings that may be searched; those of the data would have them read again for each trial."""
FIXED = frozenset(
    ("seed", "device", "epochs", "minutes", "steps", "validate_every", "patience", "log_every", "checkpoint_minutes")
) | {"tensorboard", "sample_length", "sample_prompt", "show"}
"""Settings that say nothing of a model's quality, or without which trials cannot be compared."""
DIGITS = 3
LOG_FROM = 10.0
"""A range whose end is so many times its begin is searched by its logarithm."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Dimension:
    """A setting and what it may be: from ``low`` to ``high``, or one of ``choices``.

    Attributes:
        name: of the setting.
        section: where in the configuration it is.
        low: the least value.
        high: the largest one, itself allowed.
        log: whether factors count, not differences.
        whole: whether it is an integer.
        choices: the values, where they are no range.
    """

    name: str
    section: str = ""
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    choices: tuple[Any, ...] = ()

    def distribution(self) -> Any:
        """The same as Optuna has it."""
        from optuna import distributions as kinds

        if self.choices:
            return kinds.CategoricalDistribution(self.choices)
        if self.whole:
            return kinds.IntDistribution(int(self.low), int(self.high), log=self.log)
        return kinds.FloatDistribution(self.low, self.high, log=self.log)

    def value(self, drawn: Any) -> Any:
        """A drawn value as it is tried: a real number with three digits, so that it can be typed again."""
        return float(f"{drawn:.{DIGITS}g}") if isinstance(drawn, float) else drawn

    def at(self, share: float) -> Any:
        """The value below which so large a share of the draws lies (0 to 1), as it is tried."""
        if self.choices:
            return self.choices[min(int(share * len(self.choices)), len(self.choices) - 1)]
        number = self.number(share)
        return round(number) if self.whole else self.value(number)

    def number(self, share: float) -> float:
        """The number of a range below which so large a share of the draws lies, not rounded."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        place = low + share * (high - low)
        return math.exp(place) if self.log else place

    def __str__(self) -> str:
        """``learning_rate 0.0002 to 0.05 (log)``."""
        if self.choices:
            return f"{self.name} {', '.join(map(str, self.choices))}"
        return f"{self.name} {self.low:g} to {self.high:g}{' (log)' if self.log else ''}"


class Space(Sequence[Dimension]):
    """The dimensions of a search."""

    def __init__(self, dimensions: Sequence[Dimension]) -> None:
        self._dimensions = tuple(dimensions)

    def __getitem__(self, index: Any) -> Any:
        """One dimension, or some."""
        return self._dimensions[index]

    def __len__(self) -> int:
        """How many."""
        return len(self._dimensions)

    def __iter__(self) -> Iterator[Dimension]:
        """One by one."""
        return iter(self._dimensions)

    def values(self, drawn: Mapping[str, Any]) -> Values:
        """Drawn values as they are tried."""
        return {one.name: one.value(drawn[one.name]) for one in self if one.name in drawn}

    def corners(self) -> list[Values]:
        """What must be possible, so that all between may be: every least, every largest value, and each choice."""
        longest = max((len(one.choices) for one in self), default=0)
        return [
            {one.name: one.choices[place % len(one.choices)] if one.choices else one.at(end) for one in self}
            for end in (0.0, 1.0)
            for place in range(max(1, longest))
        ]

    def placed(self, values: Mapping[str, Any]) -> dict[str, Values]:
        """Values by the sections of a configuration."""
        found: dict[str, Values] = {}
        for one in self:
            if one.name in values:
                found.setdefault(one.section, {})[one.name] = values[one.name]
        return found

    def record(self) -> list[dict[str, Any]]:
        """The space as JSON has it."""
        return [{**vars(one), "choices": list(one.choices)} for one in self]


def usual_space(config: Mapping[str, BaseModel], learning_rate: float) -> list[Dimension]:
    """What is searched unless a user says otherwise, around the settings of a configuration.

    Args:
        config: its sections.
        learning_rate: the one that would be taken.
    """
    model = config["model"]
    found = [Dimension("learning_rate", "training", _plain(learning_rate / 20), _plain(learning_rate * 5), log=True)]
    width = getattr(model, "hidden_size", None)
    if width:
        found.append(Dimension("hidden_size", "model", max(1, width // 4), 2 * width, log=True, whole=True))
    if hasattr(model, "layers"):
        found.append(Dimension("layers", "model", 1, max(3, model.layers), whole=True))
    if hasattr(model, "dropout"):
        found.append(Dimension("dropout", "model", 0.0, 0.6))
    return found


def _plain(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def named_dimension(word: str, config: Mapping[str, BaseModel], usual: Sequence[Dimension]) -> Dimension:
    """What ``NAME``, ``NAME=LOW:HIGH`` or ``NAME=A,B,C`` means.

    Args:
        word: what the user said.
        config: the sections whose settings there are.
        usual: dimensions that a bare name means.

    Raises:
        InputError: there is no such setting, it cannot be searched, or the values are none.
    """
    name, equals, said = word.partition("=")
    name = name.strip().lstrip("-").replace("-", "_")
    section, field = _field(name, config)
    if not equals:
        for one in usual:
            if one.name == name:
                return one
        raise InputError(f"--search {word} says no values", f"for example --search {word}=LOW:HIGH or {word}=A,B")
    low, colon, high = said.partition(":")
    if colon:
        return _range(word, name, section, field, low, high)
    choices = tuple(_read(value) for value in said.split(",") if value)
    if None in choices:
        raise InputError(f"--search {word}: no option can be given null", "name a number or a word instead")
    if len(set(map(str, choices))) < 2:
        raise InputError(f"--search {word} leaves nothing to choose", f"give it as --{name.replace('_', '-')}, or more")
    return Dimension(name, section, choices=choices)


def _field(name: str, config: Mapping[str, BaseModel]) -> tuple[str, FieldInfo]:
    """The section and the field of a setting that may be searched."""
    known = {field: section for section in SECTIONS for field in type(config[section]).model_fields}
    names = known.keys() - FIXED
    if name not in names:
        raise InputError(f"there is no setting {name!r} to be searched", did_you_mean(name, names))
    return known[name], type(config[known[name]]).model_fields[name]


def _range(word: str, name: str, section: str, field: FieldInfo, first: str, last: str) -> Dimension:
    try:
        low, high = float(first), float(last)
    except ValueError:
        low = high = math.nan
    if not (low < high < math.inf):
        raise InputError(f"--search {word} is no range", f"give the lower end first: {name}=LOW:HIGH")
    kinds = str(field.annotation)
    whole = "int" in kinds and "float" not in kinds
    if whole and not (low.is_integer() and high.is_integer()):
        raise InputError(f"--search {word}: {name} is a whole number", f"for example {name}=1:3")
    return Dimension(name, section, low, high, log=low > 0 and high / low >= LOG_FROM, whole=whole)


def _read(value: str) -> Any:
    """A choice: JSON where it is JSON (a number, true), else a word."""
    try:
        return json.loads(value)
    except ValueError:
        return value
