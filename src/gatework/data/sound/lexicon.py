"""Words as phonemes: pronunciation lexicons, and that of the ten English digits."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gatework.data.files.sources import unreadable
from gatework.errors import InputError, did_you_mean

Pronunciation = tuple[str, ...]

LISTED = 50  # words of a lexicon that a message may list

_VARIANT = re.compile(r"\(\w+\)$")  # READ(2): one more way to say READ
_STRESS = re.compile(r"(?<=[A-Z])[012]$")  # AH0, AH1, AH2: unstressed, primary, secondary


@dataclass(frozen=True)
class Lexicon:
    """How words are said.

    Args:
        pronunciations: from words in lower case to the ways to say each, the usual one first.
    """

    pronunciations: Mapping[str, tuple[Pronunciation, ...]]

    def __len__(self) -> int:
        return len(self.pronunciations)

    def __contains__(self, word: str) -> bool:
        return word.lower() in self.pronunciations

    @functools.cached_property
    def phonemes(self) -> tuple[str, ...]:
        """All phonemes that occur, sorted."""
        every = {phoneme for ways in self.pronunciations.values() for way in ways for phoneme in way}
        return tuple(sorted(every))

    def phonemes_of(self, words: str | Iterable[str]) -> list[str]:
        """Return the phonemes of words said in their usual way, one after the other.

        Args:
            words: words, or a text of words with spaces between them; case does not matter.

        Raises:
            InputError: a word is not in the lexicon.
        """
        said: list[str] = []
        for word in words.split() if isinstance(words, str) else words:
            ways = self.pronunciations.get(word.lower())
            if ways is None:
                raise InputError(f"the lexicon has no word {word!r}", self._remedy(word))
            said += ways[0]
        return said

    def _remedy(self, word: str) -> str:
        listed = len(self) <= LISTED
        return did_you_mean(word.lower(), self.pronunciations) if listed else "add a line with its phonemes"


def read_lexicon(path: str | Path, *, stress: bool = False) -> Lexicon:
    """Read a lexicon of lines ``WORD  PH OH N IY M Z``, such as the CMU pronouncing dictionary.

    A word on several lines, or numbered as ``WORD(2)``, has several pronunciations. Lines that begin with ``;;;`` or
    ``#``, and what follows a ``#``, are comments.

    Args:
        path: the file, UTF-8.
        stress: whether to keep the digits of stress at the end of ARPAbet vowels.

    Raises:
        InputError: the file cannot be read, a word has no phonemes, or there are no words.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason})", "save it as UTF-8") from error
    ways: dict[str, list[Pronunciation]] = {}
    for number, line in enumerate(lines, 1):
        word, *phonemes = (line.partition("#")[0].split() if not line.startswith(";;;") else []) or [""]
        if word and not phonemes:
            raise InputError(f"line {number} of {path} has no phonemes for {word!r}", "write: WORD  PH OH N IY M Z")
        if word:
            said = phonemes if stress else [_STRESS.sub("", phoneme) for phoneme in phonemes]
            ways.setdefault(_VARIANT.sub("", word).lower(), []).append(tuple(said))
    if not ways:
        raise InputError(f"{path} holds no words", "give lines such as: ONE  W AH N")
    return Lexicon({word: tuple(dict.fromkeys(said)) for word, said in ways.items()})


DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

# ARPAbet without stress, as in the CMU pronouncing dictionary
_DIGIT_PHONEMES = (
    "Z IH R OW|Z IY R OW", "W AH N", "T UW", "TH R IY", "F AO R", "F AY V", "S IH K S", "S EH V AH N", "EY T", "N AY N",
)  # fmt: skip

DIGITS = Lexicon(
    {
        word: tuple(tuple(way.split()) for way in ways.split("|"))
        for word, ways in zip(DIGIT_WORDS, _DIGIT_PHONEMES, strict=True)
    }
)
