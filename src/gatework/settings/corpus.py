"""What a user can say about a corpus. Field descriptions are the help texts of the command line."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Level = Literal["character", "byte", "word"]

STANDARD_INPUT = "-"

_ESCAPE = re.compile(r"\\(?:([ntr\\])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


class CorpusConfig(BaseModel):
    """Which texts to read, what a symbol is, and how the corpus is divided."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    sources: list[str] = Field(
        default=[],
        description="Files and folders of text, or - for standard input; none: Python's language reference.",
    )
    level: Level = Field(default="character", description="What the model reads and writes one of at a time.")
    encoding: str = Field(default="utf-8", description="How the text is encoded; byte level reads it raw.")
    separator: str | None = Field(
        default=None, min_length=1, description=r"Text that ends a document, such as \n\n; state is reset there."
    )
    validation: float = Field(default=0.1, ge=0, lt=1, description="Share of the text held out for validation.")
    test: float = Field(default=0.0, ge=0, lt=1, description="Share of the text held out for a final test.")
    min_count: int = Field(default=1, ge=1, description="Rarer characters or words become unknown.")
    max_vocabulary: int | None = Field(
        default=None, ge=3, description="Most characters or words to know, the special ones included."
    )

    @field_validator("sources")
    @classmethod
    def _standard_input_once(cls, sources: list[str]) -> list[str]:
        if sources.count(STANDARD_INPUT) > 1:
            raise ValueError("standard input can be read only once: give - once")
        return sources

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, name: str) -> str:
        try:
            "a".encode(name)
        except (LookupError, UnicodeError) as error:
            raise ValueError(f"{error}: name a text encoding such as utf-8, latin-1 or cp1252") from error
        return name

    @model_validator(mode="after")
    def _agree(self) -> CorpusConfig:
        if self.train_share <= 0:
            raise ValueError("validation and test leave nothing to train on: make them smaller")
        if self.level == "byte" and (self.min_count > 1 or self.max_vocabulary is not None):
            raise ValueError("bytes always have 256 symbols: leave out min_count and max_vocabulary")
        return self

    @property
    def train_share(self) -> Fraction:
        """The share that is left to train on; exact, since 1 - 0.05 - 0.05 is not 0.9 in floating point."""
        return 1 - Fraction(str(self.validation)) - Fraction(str(self.test))

    @property
    def separator_text(self) -> str | None:
        r"""The separator with ``\n``, ``\t``, ``\r``, ``\\``, ``\xff`` and ``\uffff`` understood."""
        if self.separator is None:
            return None
        text = _ESCAPE.sub(_unescaped, self.separator)
        return text if self.level == "byte" else text.replace("\r\n", "\n").replace("\r", "\n")

    def anchored(self) -> CorpusConfig:
        """The same with absolute paths, which mean the same from wherever they are read."""
        paths = [name if name == STANDARD_INPUT else str(Path(name).resolve()) for name in self.sources]
        return self.model_copy(update={"sources": paths})


def _unescaped(match: re.Match[str]) -> str:
    letter, byte, code = match.groups()
    return _ESCAPED[letter] if letter else chr(int(byte or code, 16))
