"""What a user can say about the data of any task. Field descriptions are the help texts of the command line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

STANDARD_INPUT = "-"

# a type with its description: a task gives it another default
VectorWords = Annotated[
    int,
    Field(
        ge=0,
        description="So many words from the beginning of --word-vectors are known though the training part lacks them.",
    ),
]
Missing = Annotated[Literal["refuse", "interpolate"], Field(description="What to do with values that a series lacks.")]
TestShare = Annotated[float, Field(ge=0, lt=1, description="Share of the data held out for a final test.")]


class DataConfig(BaseModel):
    """Which data to read, and how they are divided."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    sources: list[str] = Field(default=[], description="Files and folders, or - for standard input.")
    encoding: str = Field(default="utf-8", description="How text is encoded; byte level reads it raw.")
    validation: float = Field(default=0.1, ge=0, lt=1, description="Share of the data held out for validation.")
    test: TestShare = 0.0

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
    def _something_to_train_on(self) -> Self:
        if self.train_share <= 0:
            raise ValueError("validation and test leave nothing to train on: make them smaller")
        return self

    @property
    def train_share(self) -> Fraction:
        """The share that is left to train on; exact, since 1 - 0.05 - 0.05 is not 0.9 in floating point."""
        return 1 - Fraction(str(self.validation)) - Fraction(str(self.test))

    @property
    def has_validation(self) -> bool:
        """Whether anything is held out to choose the best model by."""
        return self.validation > 0

    def anchored(self) -> Self:
        """The same with absolute paths, which mean the same from wherever they are read."""
        return self.model_copy(update={"sources": absolute(self.sources)})


class ExampleData(DataConfig):
    """Data of separate examples, divided at random or given as files of their own."""

    validation_data: list[str] = Field(
        default=[], description="Files of the validation part; --validation is then not taken from DATA."
    )
    test_data: list[str] = Field(default=[], description="Files of the test part; --test is then not taken from DATA.")
    split_seed: int = Field(default=0, ge=0, lt=2**63, description="Seed of the division into parts.")
    max_length: int | None = Field(
        default=None, ge=1, description="Leave out training examples of more steps than this."
    )

    @property
    def has_validation(self) -> bool:
        """Whether anything is held out to choose the best model by."""
        return self.validation > 0 or bool(self.validation_data)

    def anchored(self) -> Self:
        """The same with absolute paths."""
        parts = ("sources", "validation_data", "test_data")
        return self.model_copy(update={name: absolute(getattr(self, name)) for name in parts})


def absolute(sources: list[str]) -> list[str]:
    """Paths as they are found from anywhere; ``-`` stays."""
    return [name if name == STANDARD_INPUT else str(Path(name).resolve()) for name in sources]
