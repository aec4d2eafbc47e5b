"""Speech as numbers: what a transcriber hears and writes, and how recordings become steps and texts symbols."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self, get_args

import numpy as np

from gatework.data.sound.lexicon import Lexicon
from gatework.data.sound.pronounced import WordReader
from gatework.data.sound.spectra import LogMel
from gatework.data.text.ngrams import NGrams
from gatework.data.text.symbols import Symbols
from gatework.errors import DamagedFileError
from gatework.settings import Units

BLANK = "<blank>"
SILENT = 1e-4
"""A recording that never exceeds this, full scale being 1, has nothing in it but what rounding to 16 bits leaves."""


class Utterance(NamedTuple):
    """A recording and what is said in it.

    Attributes:
        steps: (steps, width) float32, what is heard.
        tokens: (tokens,) int64, the symbols of the transcript.
        words: the words of the transcript.
        name: where it comes from.
    """

    steps: np.ndarray
    tokens: np.ndarray
    words: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class SpeechCodec:
    """Sound to steps, text to symbols and back.

    Args:
        features: how a recording becomes frames.
        stacked: frames side by side in a step; the last step is filled up with zeros.
        units: what the symbols are.
        symbols: those of the training transcripts; beside the unknown one there is blank, which is no symbol of a text.
        words: that the training transcripts have, sorted: those that are read off phonemes.
        ngrams: which symbols follow each other in the training transcripts.
        lexicon: how words are said, where the symbols are phonemes.

    Raises:
        ValueError: the parts do not belong together.
    """

    FILE: ClassVar[str] = "speech.json"

    features: LogMel
    stacked: int
    units: Units
    symbols: Symbols
    words: tuple[str, ...]
    ngrams: NGrams
    lexicon: Lexicon | None = None

    def __post_init__(self) -> None:
        if self.units not in get_args(Units) or (self.units == "phoneme") != (self.lexicon is not None):
            raise ValueError(f"units of {self.units!r} do not go with {'a' if self.lexicon else 'no'} lexicon")
        if self.stacked < 1 or self.symbols.special != 2 or self.symbols.names[1] != BLANK:
            raise ValueError("steps of no frame, or no blank after the unknown symbol")
        if self.ngrams.symbols != len(self.symbols):
            raise ValueError("the n-grams are of other symbols")
        if self.lexicon is not None and not all(word in self.lexicon for word in self.words):
            raise ValueError("the lexicon lacks a word")

    @property
    def blank(self) -> int:
        """The symbol for nothing."""
        return 1

    @property
    def width(self) -> int:
        """Numbers of a step."""
        return self.features.width * self.stacked

    @property
    def step_seconds(self) -> float:
        """From the beginning of a step to that of the next."""
        return self.features.step_size * self.stacked / self.features.rate

    def hear(self, samples: np.ndarray) -> np.ndarray:
        """A recording (n,) of the features' rate as steps (steps, width) float32."""
        frames = self.features.frames(samples).numpy()
        missing = -len(frames) % self.stacked
        return np.pad(frames, ((0, missing), (0, 0))).reshape(-1, self.width)

    def frames(self, steps: np.ndarray) -> np.ndarray:
        """The bands (frames, bands) in steps, without their slopes."""
        return steps.reshape(-1, self.features.width)[:, : self.features.bands]

    def tokens(self, text: str) -> np.ndarray:
        """The symbols (tokens,) int64 of a transcript.

        Raises:
            InputError: the lexicon lacks a word of it.
        """
        return self.symbols.encode(spelled(text, self.units, self.lexicon))

    def names(self, tokens: Iterable[int]) -> list[str]:
        """The names of symbols."""
        return [self.symbols.names[token] for token in tokens]

    def words_of(self, tokens: Sequence[int]) -> list[str]:
        """The words that symbols make; of phonemes, those whose pronunciations are nearest."""
        if self.units == "phoneme":
            return self._reader.read(self.names(tokens))
        return self.symbols.decode(tokens).split()

    def text(self, tokens: Sequence[int]) -> str:
        """What symbols say, as one reads it."""
        return " ".join(self.words_of(tokens))

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {
            "features": self.features.to_json(),
            "stacked": self.stacked,
            "units": self.units,
            "symbols": self.symbols.to_json(),
            "words": list(self.words),
            "ngrams": self.ngrams.to_json(),
            "lexicon": None if self.lexicon is None else _to_json(self.lexicon),
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            return cls(
                LogMel.from_json(value["features"]),
                int(value["stacked"]),
                value["units"],
                Symbols.from_json(value["symbols"]),
                tuple(map(str, value["words"])),
                NGrams.from_json(value["ngrams"]),
                None if value["lexicon"] is None else _from_json(value["lexicon"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"this is no codec of speech ({error})", "restore it or make it again") from error

    @functools.cached_property
    def _reader(self) -> WordReader:
        assert self.lexicon is not None
        return WordReader({word: self.lexicon.pronunciations[word] for word in self.words})


def spelled(text: str, units: Units, lexicon: Lexicon | None) -> str:
    """A transcript with its blanks in order, or its phonemes with blanks between them.

    Raises:
        InputError: the lexicon lacks a word of it.
    """
    return " ".join(text.split() if units != "phoneme" or lexicon is None else lexicon.phonemes_of(text))


def is_silent(samples: np.ndarray) -> bool:
    """Whether nothing is to be heard in a recording (n,)."""
    return float(np.abs(samples).max(initial=0.0)) < SILENT


def _to_json(lexicon: Lexicon) -> dict[str, list[str]]:
    return {word: [" ".join(way) for way in ways] for word, ways in lexicon.pronunciations.items()}


def _from_json(value: dict[str, list[str]]) -> Lexicon:
    return Lexicon({word: tuple(tuple(way.split()) for way in ways) for word, ways in value.items()})
