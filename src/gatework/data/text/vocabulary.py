"""A vocabulary: the symbols a model knows, each with its number.

The order is stable: it depends on which symbols a text has (and, for words, how often), never on where
they stand in it. Saved with a model as JSON, it is all that is needed to read and write text.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast, get_args

import numpy as np

from gatework.data.text.decoder import ByteDecoder, Decoder, SymbolDecoder, WordDecoder
from gatework.data.text.words import split_words
from gatework.errors import DamagedFileError
from gatework.settings import Level

UNKNOWN = "<unknown>"
DOCUMENT = "<document>"
BYTES = tuple(chr(byte) if chr(byte).isprintable() and byte < 128 else f"\\x{byte:02x}" for byte in range(256))


@dataclass(frozen=True)
class Vocabulary:
    """The symbols of one level; a symbol's id is its index.

    Characters and words: ``<unknown>``, then ``<document>`` if asked for, then characters by code point, words
    by falling count and alphabetically within a count. Bytes: the 256 values, so that an id is its byte,
    then ``<document>`` if asked for.

    Args:
        level: what a symbol is.
        symbols: all symbols.
        separator: the text that ends a document, if one does; its symbols are in whatever their count.

    Raises:
        ValueError: the symbols are not those of a vocabulary of this level.
    """

    FILE: ClassVar[str] = "vocabulary.json"

    level: Level
    symbols: tuple[str, ...]
    separator: str = ""

    def __post_init__(self) -> None:
        if self.level not in get_args(Level):
            raise ValueError(f"there is no level {self.level!r}")
        if not all(isinstance(symbol, str) and symbol for symbol in self.symbols):
            raise ValueError("a symbol is not a text")
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("a symbol is there twice")
        if not isinstance(self.separator, str) or self.missing(self.separator):
            raise ValueError("the separator holds what is no symbol")
        if self.level == "byte":
            if self.symbols not in (BYTES, (*BYTES, DOCUMENT)):
                raise ValueError("the symbols are not the 256 bytes")
        elif self.unknown != 0 or self.document not in (None, 1):
            raise ValueError(f"the symbols do not begin with {UNKNOWN} and, if it is there, {DOCUMENT}")
        elif self.level == "character" and any(len(symbol) != 1 for symbol in self.ordinary):
            raise ValueError("a symbol is more than one character")

    @classmethod
    def build(
        cls,
        level: Level,
        counts: Mapping[str, int],
        *,
        min_count: int = 1,
        max_size: int | None = None,
        document: bool = False,
        separator: str = "",
    ) -> Vocabulary:
        """Choose the symbols from how often each occurs.

        Args:
            level: what a symbol is.
            counts: how often each symbol occurs; not looked at for bytes.
            min_count: a symbol that occurs less often is left out.
            max_size: the most symbols, special ones included; the most frequent stay.
            document: whether there is a symbol that starts a document.
            separator: the text that ends a document, if one does.
        """
        if level == "byte":
            return cls(level, (*BYTES, DOCUMENT) if document else BYTES, separator)
        special = [UNKNOWN, DOCUMENT] if document else [UNKNOWN]
        first = dict.fromkeys(separator if level == "character" else split_words(separator))
        frequent = [symbol for symbol, count in counts.items() if count >= min_count and symbol not in first]
        frequent.sort(key=lambda symbol: (-counts[symbol], symbol))
        room = None if max_size is None else max(0, max_size - len(special) - len(first))
        chosen = [*first, *frequent[:room]]
        if level == "character":
            chosen.sort()
        else:
            chosen.sort(key=lambda symbol: (-counts.get(symbol, 0), symbol))
        return cls(level, (*special, *chosen), separator)

    def __len__(self) -> int:
        return len(self.symbols)

    @functools.cached_property
    def unknown(self) -> int | None:
        """The id of every symbol that is not in the vocabulary; None for bytes."""
        return self._ids.get(UNKNOWN)

    @functools.cached_property
    def document(self) -> int | None:
        """The id of the symbol that starts a document, if there is one."""
        return self._ids.get(DOCUMENT)

    @functools.cached_property
    def ordinary(self) -> tuple[str, ...]:
        """The symbols that stand in a text, in order."""
        return tuple(symbol for symbol in self.symbols if symbol not in (UNKNOWN, DOCUMENT))

    def encode(self, text: str) -> np.ndarray:
        """Return the ids of a text's symbols, (symbols,) int64."""
        if self.level == "byte":
            return np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8).astype(np.int64)
        if self.level == "character":
            # clip: all code points past the last known one share the table's last place, which is unknown
            return np.take(self._table, code_points(text), mode="clip")
        ids = self._ids
        return np.fromiter((ids.get(word, 0) for word in split_words(text)), np.int64)

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return the text of ids; words are spaced by the rule in ``gatework.data.text.words``."""
        decoder = self.decoder()
        return decoder.feed(ids) + decoder.flush()

    def decoder(self) -> Decoder:
        """Return a decoder that gives text out as ids come in."""
        if self.level == "byte":
            return ByteDecoder(len(self))
        shown = list(self.symbols)
        shown[0] = "\N{REPLACEMENT CHARACTER}"
        if self.document is not None:
            shown[self.document] = ""
        return SymbolDecoder(shown) if self.level == "character" else WordDecoder(shown)

    def missing(self, text: str) -> list[str]:
        """Return the distinct symbols of a text that the vocabulary lacks, in order of appearance."""
        if self.level == "byte":
            return []
        symbols = text if self.level == "character" else split_words(text)
        return [symbol for symbol in dict.fromkeys(symbols) if symbol not in self._ids]

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {"level": self.level, "symbols": list(self.symbols), "separator": self.separator}

    @classmethod
    def from_json(cls, value: Any) -> Vocabulary:
        """Rebuild a vocabulary.

        Raises:
            DamagedFileError: the value is none.
        """
        try:
            if not isinstance(value["symbols"], list):
                raise TypeError("the symbols are not a list")
            return cls(cast(Level, value["level"]), tuple(value["symbols"]), value["separator"])
        except (TypeError, ValueError) as error:
            raise DamagedFileError(f"this is not a vocabulary ({error})", "restore it or make it again") from error
        except KeyError as error:
            raise DamagedFileError(f"this vocabulary has no {error}", "restore it or make it again") from error

    @functools.cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: number for number, symbol in enumerate(self.symbols)}

    @functools.cached_property
    def _table(self) -> np.ndarray:
        codes = [ord(symbol) for symbol in self.ordinary]
        table = np.zeros(max(codes, default=0) + 2, np.int64)
        table[codes] = [self._ids[symbol] for symbol in self.ordinary]
        return table


def code_points(text: str) -> np.ndarray:
    """Return the Unicode code points of a text, (characters,) uint32."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
