"""Symbols of separate sequences: characters, words or given tokens as numbers; and the names of classes."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np

from gatework.data.text.words import split_words
from gatework.errors import DamagedFileError

Splitting = Literal["character", "word", "token"]
"""Characters; words and punctuation marks; whatever stands between blanks."""

UNKNOWN, START, END = "<unknown>", "<start>", "<end>"


@dataclass(frozen=True)
class Symbols:
    """What a sequence is made of, each with its number; 0 is every symbol that is not known.

    Args:
        splitting: how a text is taken apart.
        names: all symbols, the special ones first.
        lower: whether letters are made small before.
        special: how many of the names are no symbols of a text.

    Raises:
        ValueError: the names are not those of a vocabulary.
    """

    FILE: ClassVar[str] = "symbols.json"

    splitting: Splitting
    names: tuple[str, ...]
    lower: bool = False
    special: int = 1

    def __post_init__(self) -> None:
        if self.splitting not in get_args(Splitting):
            raise ValueError(f"there is no splitting {self.splitting!r}")
        if not all(isinstance(name, str) and name for name in self.names) or len(set(self.names)) != len(self.names):
            raise ValueError("a symbol is empty, no text, or there twice")
        if not 1 <= self.special <= len(self.names) or self.names[0] != UNKNOWN:
            raise ValueError(f"the symbols do not begin with {UNKNOWN}")

    @classmethod
    def build(
        cls,
        texts: Iterable[str],
        splitting: Splitting,
        *,
        lower: bool = False,
        min_count: int = 1,
        max_size: int | None = None,
        special: Sequence[str] = (),
    ) -> Self:
        """Choose the symbols of texts: by falling count, alphabetically within a count.

        Args:
            texts: what the model is to know.
            splitting: how they are taken apart.
            lower: make letters small before.
            min_count: a symbol that occurs less often is left out.
            max_size: the most symbols, special ones included; the most frequent stay.
            special: names beside ``<unknown>``, as ``START`` and ``END``.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(split(text, splitting, lower))
        return cls.from_counts(counts, splitting, lower=lower, min_count=min_count, max_size=max_size, special=special)

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, int],
        splitting: Splitting,
        *,
        lower: bool = False,
        min_count: int = 1,
        max_size: int | None = None,
        special: Sequence[str] = (),
    ) -> Self:
        """The same of symbols that were counted, in small letters if ``lower``."""
        first = (UNKNOWN, *special)
        found = [name for name, count in counts.items() if count >= min_count and name not in first]
        found.sort(key=lambda name: (-counts[name], name))
        room = None if max_size is None else max(0, max_size - len(first))
        return cls(splitting, (*first, *found[:room]), lower, len(first))

    def __len__(self) -> int:
        return len(self.names)

    def with_more(self, names: Iterable[str], max_size: int | None = None) -> Self:
        """Know more symbols, after its own: those with pretrained vectors.

        Args:
            names: of any; where letters are made small, only those in small letters can be met.
            max_size: the most symbols in all.
        """
        more = [name for name in names if not self.lower or name == name.lower()]
        return dataclasses.replace(self, names=tuple(dict.fromkeys([*self.names, *more]))[:max_size])

    def split(self, text: str) -> list[str]:
        """The symbols of a text, known or not."""
        return split(text, self.splitting, self.lower)

    def encode(self, text: str) -> np.ndarray:
        """The numbers of a text's symbols, (symbols,) int64."""
        return self.numbers(self.split(text))

    def numbers(self, symbols: Sequence[str]) -> np.ndarray:
        """The numbers of symbols, (symbols,) int64."""
        return np.fromiter((self._ids.get(symbol, 0) for symbol in symbols), np.int64, len(symbols))

    def id(self, name: str) -> int:
        """The number of a symbol that must be there."""
        return self._ids[name]

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of numbers, special ones but the unknown left out; characters side by side, others with blanks."""
        shown = [self.names[number] for number in numbers if number == 0 or number >= self.special]
        return ("" if self.splitting == "character" else " ").join(shown)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {
            "splitting": self.splitting,
            "names": list(self.names),
            "lower": self.lower,
            "special": self.special,
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild the symbols.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            return cls(value["splitting"], tuple(value["names"]), bool(value["lower"]), int(value["special"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"these are no symbols ({error})", "restore them or make them again") from error

    @functools.cached_property
    def _ids(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}


def split(text: str, splitting: Splitting, lower: bool = False) -> list[str]:
    """The symbols of a text."""
    text = text.lower() if lower else text
    if splitting == "character":
        return list(text)
    return split_words(text) if splitting == "word" else text.split()


@dataclass(frozen=True)
class Labels:
    """The names of classes, each with its number.

    Raises:
        ValueError: a name is there twice, empty, or no text.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names or not all(isinstance(name, str) and name for name in self.names):
            raise ValueError("a class has no name")
        if len(set(self.names)) != len(self.names):
            raise ValueError("a class is there twice")

    @classmethod
    def build(cls, labels: Iterable[str]) -> Self:
        """The distinct labels, in alphabetic order."""
        return cls(tuple(sorted(set(labels))))

    def __len__(self) -> int:
        return len(self.names)

    def find(self, name: str) -> int | None:
        """The number of a class; None where there is none of this name."""
        return self._ids.get(name)

    @functools.cached_property
    def _ids(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def to_json(self) -> list[str]:
        """Return what ``from_json`` reads."""
        return list(self.names)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild the labels.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            return cls(tuple(value))
        except (TypeError, ValueError) as error:
            raise DamagedFileError(f"these are no labels ({error})", "restore them or make them again") from error
