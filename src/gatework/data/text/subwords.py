"""Pieces of words: byte-pair encoding, by the library `tokenizers` (extra `bpe`)."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gatework.data.text.symbols import UNKNOWN
from gatework.errors import DamagedFileError, InputError

BEGIN = "▁"
"""Stands for a blank: a piece that has it begins a word."""
MOST = 30_000
"""Pieces where no number is given."""
PIECES = rf"{BEGIN}?\w+|{BEGIN}?[^\w{BEGIN}]+|{BEGIN}"
"""No piece is partly a word and partly punctuation."""


@dataclass(frozen=True)
class Subwords:
    """Pieces of words, each with its number, by byte-pair encoding (Sennrich, Haddow and Birch 2016, arXiv:1508.07909).

    Frequent words are one piece, rare ones several; only a character that was never seen is unknown, number 0.

    Args:
        merges: the rules, as the library writes them.
        lower: whether letters are made small before.

    Raises:
        ValueError: the rules are none that the library can read.
        InputError: the library is not installed.
    """

    merges: str
    lower: bool = False

    def __post_init__(self) -> None:
        if self._tokenizer.token_to_id(UNKNOWN) != 0:
            raise ValueError(f"the pieces do not begin with {UNKNOWN}")

    @classmethod
    def build(
        cls, texts: Iterable[str], *, lower: bool, min_count: int, max_size: int | None, special: Sequence[str]
    ) -> Self:
        """Learn the pieces of texts.

        Args:
            texts: what the model is to know.
            lower: make letters small before.
            min_count: how often a pair of pieces must stand side by side to become one.
            max_size: the most pieces, special ones included, the most frequent characters first; ``MOST`` where None.
            special: names beside ``<unknown>``, as ``START`` and ``END``.
        """
        library = _library()
        tokenizer = library.Tokenizer(library.models.BPE(unk_token=UNKNOWN))
        split = library.pre_tokenizers.Split(library.Regex(PIECES), "isolated")
        blanks = library.pre_tokenizers.Metaspace(BEGIN, prepend_scheme="always")
        tokenizer.pre_tokenizer = library.pre_tokenizers.Sequence([blanks, split])
        tokenizer.decoder = library.decoders.Metaspace(BEGIN, prepend_scheme="always")
        most, first = max_size or MOST, [UNKNOWN, *special]
        trainer = library.trainers.BpeTrainer(
            vocab_size=most,
            limit_alphabet=max(1, most - len(first)),
            min_frequency=min_count,
            special_tokens=first,
            show_progress=False,
        )
        tokenizer.train_from_iterator((_plain(text, lower) for text in texts), trainer)
        return cls(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False), lower)

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def split(self, text: str) -> list[str]:
        """The pieces of a text."""
        return self._tokenizer.encode(_plain(text, self.lower)).tokens

    def encode(self, text: str) -> np.ndarray:
        """The numbers of a text's pieces, (pieces,) int64."""
        return np.array(self._tokenizer.encode(_plain(text, self.lower)).ids, np.int64)

    def id(self, name: str) -> int:
        """The number of a piece that must be there."""
        return self._tokenizer.token_to_id(name)

    def name(self, number: int) -> str:
        """The piece of a number."""
        return self._tokenizer.id_to_token(number)

    def join(self, pieces: Iterable[str]) -> str:
        """The text of pieces."""
        return "".join(pieces).replace(BEGIN, " ").strip()

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {"bpe": json.loads(self.merges), "lower": self.lower}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild the pieces.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            return cls(json.dumps(value["bpe"], ensure_ascii=False), bool(value["lower"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"these are no pieces of words ({error})", "restore them") from error

    @functools.cached_property
    def _tokenizer(self) -> Any:
        library = _library()
        try:
            return library.Tokenizer.from_str(self.merges)
        except Exception as error:  # the library raises nothing narrower
            raise ValueError(f"the library cannot read them: {error}") from error


def _plain(text: str, lower: bool) -> str:
    return " ".join((text.lower() if lower else text).split())


def _library() -> Any:
    try:
        import tokenizers
        from tokenizers import decoders, models, pre_tokenizers, trainers  # noqa: F401  # parts of what is returned
    except ImportError as error:
        raise InputError("byte-pair encoding needs tokenizers", "pip install 'gatework[bpe]'") from error
    return tokenizers
