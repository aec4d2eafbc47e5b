"""What all models are: a configuration, a codec, parameters; saved and loaded as one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel
from torch import Tensor, nn

from gatework.cells import cell_name, find_cell
from gatework.data.codec import Codec
from gatework.data.padding import Batch
from gatework.errors import InputError
from gatework.models.pretrained import load_pretrained, save_pretrained
from gatework.settings import checked

ConfigKind = TypeVar("ConfigKind", bound=BaseModel)
CodecKind = TypeVar("CodecKind", bound=Codec)


class Model(nn.Module, Generic[ConfigKind, CodecKind]):
    """A network made for one kind of task.

    Args:
        config: its shape, of the class ``Config``.
        codec: what its numbers mean, of the class ``Codec``.

    Attributes:
        task: the name of the task.
        goal: the figure by which the best model is chosen, higher being better; the lowest loss where empty.
    """

    task: ClassVar[str]
    goal: str = ""
    Config: ClassVar[type[BaseModel]]
    Codec: ClassVar[type[Codec]]

    def __init__(self, config: ConfigKind, codec: CodecKind) -> None:
        super().__init__()
        self.config = config
        self.codec = codec

    @classmethod
    def build(cls, codec: CodecKind, **options: Any) -> Self:
        """Make a model from the options of its configuration; ``cell`` may also be a class.

        Raises:
            InputError: an option does not exist or is out of range, or the name of the class is another cell's.
        """
        kind = options.get("cell")
        if isinstance(kind, type):
            options["cell"] = cell_name(kind)
            if find_cell(options["cell"]) is not kind:
                raise InputError(f"{kind.__name__} was defined again since", "give the class that was defined last")
        return cls(checked(cls.Config, options), codec)  # type: ignore[arg-type]

    def symbol_vectors(self) -> tuple[Sequence[str], Tensor] | None:
        """The symbols that it reads by an embedding, and their vectors (symbols, width); None where it does not."""
        return None

    def save_pretrained(self, folder: str | Path, *, score: Mapping[str, Any] | None = None) -> None:
        """Write ``config.json``, the codec and ``model.safetensors`` into a folder.

        Args:
            folder: made if it does not exist.
            score: numbers to be kept with the weights.

        Raises:
            StorageError: the folder cannot be written.
        """
        save_pretrained(self, Path(folder), score)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """Read what ``save_pretrained`` wrote; in evaluation mode, on the CPU.

        Raises:
            InputError: a file is missing.
            DamagedFileError: a file does not hold what it should.
        """
        return load_pretrained(cls, Path(folder))


Example = TypeVar("Example")
BatchKind = TypeVar("BatchKind", bound=Batch)
Totals = dict[str, float]


class ExampleModel(Model[ConfigKind, CodecKind], Generic[ConfigKind, CodecKind, Example, BatchKind]):
    """A model that learns from separate examples.

    A subclass says how examples become a batch, what its loss is, and what is measured on held-out examples.

    Attributes:
        unit: what the loss is the mean over: "example", "word", "step" ...
    """

    unit: ClassVar[str] = "example"

    def length(self, example: Example) -> int:
        """Steps of an example: those of like length come into one batch."""
        raise NotImplementedError

    def collate(self, examples: Sequence[Example]) -> BatchKind:
        """Examples side by side."""
        raise NotImplementedError

    def loss(self, batch: BatchKind) -> Tensor:
        """What is minimised: the mean loss of a unit, nats where it is a log-likelihood."""
        raise NotImplementedError

    def totals(self, batch: BatchKind) -> Totals:
        """Sums over a held-out batch: ``loss``, ``count`` of units, and whatever ``figures`` needs."""
        raise NotImplementedError

    def calibrate(self, totals: Totals) -> Totals:
        """Set from the sums over the validation part what training data cannot teach; the sums as they are then."""
        return totals

    def figures(self, totals: Totals) -> dict[str, float]:
        """What is reported beside the mean loss, from the sums over all batches."""
        return {}
