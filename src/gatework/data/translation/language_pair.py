"""Two languages as numbers: what a translation model reads and what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from gatework.data.text.subwords import Subwords
from gatework.data.text.symbols import END, START, Symbols
from gatework.data.text.words import Joiner
from gatework.errors import DamagedFileError
from gatework.settings.tasks.translate import TranslationData

Language = Symbols | Subwords


@dataclass(frozen=True)
class LanguagePair:
    """The symbols of source and target.

    Attributes:
        source: what is read.
        target: what is written.
        shared: whether they are one and the same.
    """

    FILE: ClassVar[str] = "languages.json"

    source: Language
    target: Language
    shared: bool = False

    @classmethod
    def build(cls, pairs: Sequence[tuple[str, str]], config: TranslationData) -> Self:
        """Choose the symbols by what occurs in pairs of texts."""
        sides = ([pair[0] for pair in pairs], [pair[1] for pair in pairs])
        if config.shared_vocabulary:
            both = _language([*sides[0], *sides[1]], config)
            return cls(both, both, True)
        return cls(_language(sides[0], config), _language(sides[1], config))

    @property
    def start(self) -> int:
        """What the decoder reads first."""
        return self.target.id(START)

    @property
    def end(self) -> int:
        """What the decoder writes last."""
        return self.target.id(END)

    def read(self, text: str) -> np.ndarray:
        """A source as numbers, its end included: (steps,) int64."""
        return np.append(self.source.encode(text), self.source.id(END))

    def written(self, text: str) -> np.ndarray:
        """A target as numbers, its end included: (steps,) int64."""
        return np.append(self.target.encode(text), self.end)

    def text(self, numbers: Iterable[int], replacements: Sequence[str | None] = ()) -> str:
        """The text of target numbers.

        Args:
            numbers: without start and end.
            replacements: for each number what stands in its place; None: its own symbol.
        """
        pieces = [name_of(self.target, number) for number in numbers]
        for place, replacement in enumerate(replacements):
            pieces[place] = pieces[place] if replacement is None else replacement
        return joined(self.target, pieces)

    def reference(self, text: str) -> str:
        """A target as a translation is compared with: in small letters where those are all that the model knows.

        Words and punctuation marks are joined as those of a translation are.
        """
        if isinstance(self.target, Symbols) and self.target.splitting == "word":
            return joined(self.target, self.target.split(text))
        return text.lower() if self.target.lower else text

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {
            "source": self.source.to_json(),
            "target": None if self.shared else self.target.to_json(),
            "shared": self.shared,
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild both.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            source, shared = _language_from(value["source"]), bool(value["shared"])
            pair = cls(source, source if shared else _language_from(value["target"]), shared)
            ends = [language.id(END) for language in (pair.source, pair.target)] + [pair.start]
        except (KeyError, TypeError) as error:
            raise DamagedFileError(f"these are no two languages ({error})", "restore them") from error
        if None in ends:
            raise DamagedFileError(f"a language has no {START} or {END}", "restore it")
        return pair


def name_of(language: Language, number: int) -> str:
    """The symbol of a number."""
    return language.names[number] if isinstance(language, Symbols) else language.name(number)


def joined(language: Language, pieces: Iterable[str]) -> str:
    """The text of symbols."""
    if isinstance(language, Subwords):
        return language.join(pieces)
    if language.splitting == "word":
        joiner = Joiner()
        return "".join(joiner.add(piece) for piece in pieces)
    return ("" if language.splitting == "character" else " ").join(pieces)


def _language(texts: Sequence[str], config: TranslationData) -> Language:
    rare, most, special = config.min_count, config.max_vocabulary, (START, END)
    if config.level == "bpe":
        return Subwords.build(texts, lower=config.lower, min_count=rare, max_size=most, special=special)
    return Symbols.build(texts, config.level, lower=config.lower, min_count=rare, max_size=most, special=special)


def _language_from(value: Any) -> Language:
    return Subwords.from_json(value) if "bpe" in value else Symbols.from_json(value)
