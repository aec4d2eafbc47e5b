"""What the numbers of a tagger mean: words, characters and tags."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from gatework.data.tagging.spans import are_span_tags
from gatework.data.text.symbols import END, START, Labels, Symbols
from gatework.errors import DamagedFileError

NO_TAG = -1
"""The number of a tag that is not known or not asked."""
LONGEST_WORD = 40
"""Characters of a word that are read: of a longer one, half of them from each end."""
RARE = 2
"""A character that occurs less often stands for those that never do."""


class TaggedExample(NamedTuple):
    """An encoded sentence.

    Attributes:
        words: as they were written; at least one.
        numbers: (words,) int64, 0 for a word that is not known.
        tags: (words,) int64, ``NO_TAG`` where there is none or it is not known.
        unseen: (words,) bool, true for words that are not in the training part in this spelling.
    """

    words: tuple[str, ...]
    numbers: np.ndarray
    tags: np.ndarray
    unseen: np.ndarray


@dataclass(frozen=True)
class TaggerCodec:
    """Words, characters and tags of a training part.

    Args:
        words: those that have vectors of their own.
        characters: of the words as they are written, with ``START`` and ``END``.
        tags: what words are tagged with.
        seen: all words of the training part as they are written, known or too rare for that.

    Raises:
        ValueError: the characters have no ``START`` and ``END``.
    """

    FILE: ClassVar[str] = "tags.json"

    words: Symbols
    characters: Symbols
    tags: Labels
    seen: frozenset[str]

    def __post_init__(self) -> None:
        if not {START, END} <= set(self.characters.names[: self.characters.special]):
            raise ValueError("the characters do not tell where a word begins and ends")

    @classmethod
    def build(
        cls,
        sentences: Sequence[Sequence[str]],
        tags: Iterable[Sequence[str]],
        *,
        lower: bool = True,
        min_count: int = 1,
        max_vocabulary: int | None = None,
        more_words: Iterable[str] = (),
    ) -> Self:
        """Choose what the model knows.

        Args:
            sentences: the words of each training sentence.
            tags: as many of each.
            lower: whether words are looked up in small letters; characters always keep their case.
            min_count: a word that occurs less often is unknown; its characters are read all the same.
            max_vocabulary: most words that are known, the special one included; the most frequent stay.
            more_words: known too, though they do not occur: those with pretrained vectors. With ``lower``, only
                those in small letters.

        Raises:
            ValueError: there is no tag.
        """
        counts = Counter(itertools.chain.from_iterable(sentences))
        spelled: Counter[str] = Counter()
        folded: Counter[str] = Counter()
        for word, count in counts.items():
            spelled.update(dict.fromkeys(word, count))
            folded[word.lower() if lower else word] += count
        words = Symbols.from_counts(folded, "token", lower=lower, min_count=min_count, max_size=max_vocabulary)
        return cls(
            words.with_more(more_words, max_vocabulary),
            Symbols.from_counts(spelled, "character", min_count=RARE, special=(START, END)),
            Labels.build(itertools.chain.from_iterable(tags)),
            frozenset(counts),
        )

    def encode(self, words: Sequence[str], tags: Sequence[str] | None = None) -> TaggedExample:
        """A sentence as numbers.

        Args:
            words: at least one.
            tags: as many; those that are not known become ``NO_TAG``, as do all where None.

        Raises:
            ValueError: there are no words, or not as many tags.
        """
        if not words or (tags is not None and len(tags) != len(words)):
            raise ValueError(f"words and tags must be as many, and not none: {len(words)} and {len(tags or ())}")
        known = [None] * len(words) if tags is None else [self.tags.find(tag) for tag in tags]
        return TaggedExample(
            tuple(words),
            self.words.numbers([word.lower() for word in words] if self.words.lower else words),
            np.array([NO_TAG if tag is None else tag for tag in known], np.int64),
            np.array([word not in self.seen for word in words]),
        )

    def spell(self, word: str) -> np.ndarray:
        """A word's characters between ``START`` and ``END``, (characters + 2,) int64; its case is kept."""
        if len(word) > LONGEST_WORD:
            word = word[: LONGEST_WORD // 2] + word[-LONGEST_WORD // 2 :]
        return self.characters.numbers([START, *word, END])

    @functools.cached_property
    def has_spans(self) -> bool:
        """Whether the tags mark spans of several words: B-PER, I-PER, O."""
        return are_span_tags(self.tags.names)

    @functools.cached_property
    def trained_words(self) -> frozenset[str]:
        """The words of the training part in the form in which they are looked up."""
        return frozenset(word.lower() for word in self.seen) if self.words.lower else self.seen

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {
            "words": self.words.to_json(),
            "characters": self.characters.to_json(),
            "tags": self.tags.to_json(),
            "seen": sorted(self.seen),
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            words, characters = Symbols.from_json(value["words"]), Symbols.from_json(value["characters"])
            seen = frozenset(value["seen"])
            if not all(isinstance(word, str) for word in seen):
                raise ValueError("a word is no text")
            return cls(words, characters, Labels.from_json(value["tags"]), seen)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(
                f"this is no description of tags ({error})", "restore it or make it again"
            ) from error
