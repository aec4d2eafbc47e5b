"""What turns a user's data into numbers and back: saved with a model, so that it reads what it was trained to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeVar

from gatework.errors import DamagedFileError
from gatework.storage import read_json, write_json


class Codec(Protocol):
    """A vocabulary, a list of labels, a scale: whatever a model's numbers mean.

    Attributes:
        FILE: its name in a model's folder.
    """

    FILE: ClassVar[str]

    def to_json(self) -> Any:
        """Return what ``from_json`` reads."""
        ...

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        ...


Kind = TypeVar("Kind", bound=Codec)


def save_codec(codec: Codec, folder: Path) -> None:
    """Write a codec into a model's folder."""
    write_json(folder / codec.FILE, codec.to_json())


def load_codec(kind: type[Kind], folder: Path) -> Kind:
    """Read what ``save_codec`` wrote.

    Raises:
        InputError: there is no such file.
        DamagedFileError: it does not hold a codec of this kind.
    """
    path = folder / kind.FILE
    value = read_json(path)
    try:
        return kind.from_json(value)
    except DamagedFileError as error:
        raise DamagedFileError(f"{path} is damaged: {error.cause}", error.remedy) from error
