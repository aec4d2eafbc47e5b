"""What a user can say about a corpus. Field descriptions are the help texts of the command line."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from gatework.settings.data import DataConfig

Level = Literal["character", "byte", "word"]

_ESCAPE = re.compile(r"\\(?:([ntr\\])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


class CorpusConfig(DataConfig):
    """Which texts to read, what a symbol is, and how the corpus is divided."""

    sources: list[str] = Field(
        default=[],
        description="Files and folders, or - for standard input; none: Python's language reference.",
    )
    level: Level = Field(default="character", description="What the model reads and writes one of at a time.")
    separator: str | None = Field(
        default=None, min_length=1, description=r"Text that ends a document, such as \n\n; state is reset there."
    )
    min_count: int = Field(default=1, ge=1, description="Rarer characters or words become unknown.")
    max_vocabulary: int | None = Field(
        default=None, ge=3, description="Most characters or words to know, the special ones included."
    )

    @model_validator(mode="after")
    def _agree(self) -> CorpusConfig:
        if self.level == "byte" and (self.min_count > 1 or self.max_vocabulary is not None):
            raise ValueError("bytes always have 256 symbols: leave out min_count and max_vocabulary")
        return self

    @property
    def separator_text(self) -> str | None:
        r"""The separator with ``\n``, ``\t``, ``\r``, ``\\``, ``\xff`` and ``\uffff`` understood."""
        if self.separator is None:
            return None
        text = _ESCAPE.sub(_unescaped, self.separator)
        return text if self.level == "byte" else text.replace("\r\n", "\n").replace("\r", "\n")


def _unescaped(match: re.Match[str]) -> str:
    letter, byte, code = match.groups()
    return _ESCAPED[letter] if letter else chr(int(byte or code, 16))
